/// One thing that was looked at to see whether all is as it should be, and what to do where it isn't.
package struct Finding: Sendable, Hashable, Codable {
    package enum Verdict: String, Sendable, Codable {
        case good, bad
        /// It works, and whoever runs it should know.
        case warning
        /// It couldn't be looked at, or there was nothing to look at yet.
        case unknown
    }

    /// What findings are told together, in the order in which one mends things.
    package enum Group: String, Sendable, Codable, CaseIterable {
        /// The way to the services, and who one is there.
        case connection
        /// Buckets and tables, or the embedded store's folder.
        case storage
        /// What people without a key see.
        case browsers
        /// What the credentials allow.
        case permissions
        /// What this machine can do.
        case machine
    }

    package var group: Group
    package var verdict: Verdict
    /// What was looked at, such as a bucket.
    package var subject: String
    /// What is so. Never a secret.
    package var text: String
    /// What to do; nil where all is well.
    package var remedy: String?

    package init(_ group: Group, _ verdict: Verdict, _ subject: String, _ text: String, remedy: String? = nil) {
        self.group = group
        self.verdict = verdict
        self.subject = subject
        self.text = text
        self.remedy = remedy
    }
}
