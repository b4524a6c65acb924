import RenditionCore

/// Whether and how photographers are told by mail.
package struct MailConfiguration: Sendable, Hashable {
    /// Whom mails come from; SES has to know it.
    package var from: MailAddress
    /// How long a gallery has to be silent until an upload session counts as over.
    package var silence: Duration
    /// The address of the pages that show galleries.
    package var frontend: String?

    /// - Parameter silence: A minute, unless it is said.
    package init(from: MailAddress, silence: Duration = .seconds(60), frontend: String? = nil) {
        self.from = from
        self.silence = silence
        self.frontend = frontend
    }
}
