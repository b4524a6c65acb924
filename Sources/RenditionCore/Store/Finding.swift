/// One thing that was looked at to see whether a store is as it should be, and what to do where it isn't.
package struct Finding: Sendable, Hashable, Codable {
    package enum Verdict: String, Sendable, Codable {
        case good, bad
        /// It couldn't be looked at, or there was nothing to look at yet.
        case unknown
    }

    package var verdict: Verdict
    /// What was looked at, such as a bucket.
    package var subject: String
    /// What is so.
    package var text: String
    /// What to do; nil where all is well.
    package var remedy: String?

    package init(_ verdict: Verdict, _ subject: String, _ text: String, remedy: String? = nil) {
        self.verdict = verdict
        self.subject = subject
        self.text = text
        self.remedy = remedy
    }
}
