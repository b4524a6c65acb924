/// The mail that tells a photographer how an upload session ended, ready to be sent.
///
/// Whatever people typed, such as names of files and galleries, stands in it as text: in one line, shortened, and escaped in
/// HTML.
package struct SessionMail: Sendable, Hashable {
    package let from: MailAddress
    package let to: MailAddress
    /// One line.
    package let subject: String
    /// For readers that show no HTML; says the same but for the pictures.
    package let text: String
    package let html: String

    /// Thumbnails that are shown, at most.
    package static let mostThumbnails = 6
    /// Failed photos that are named, at most.
    package static let mostFailures = 20

    /// - Parameters:
    ///   - gallery: What the photographer calls the gallery; nil where it has no name.
    ///   - frontend: The address of the pages that show galleries; nil leads nowhere.
    package init(
        _ session: UploadSession, gallery: String?, from: MailAddress, to: MailAddress, frontend: String?
    ) {
        self.from = from
        self.to = to
        let name = gallery.map { MailText.line($0, limit: 80) }.flatMap { $0.isEmpty ? nil : $0 }
        let content = SessionMailContent(session, gallery: name, frontend: frontend.flatMap(Self.link))
        subject = content.headline
        text = content.text
        html = content.html
    }

    /// An address as a link; nil for what a browser might take for a program.
    static func link(_ url: String) -> String? {
        let isPlain = url.unicodeScalars.allSatisfy { $0.isASCII && $0.value > 0x20 && $0.value != 0x7F }
        return isPlain && (url.hasPrefix("https://") || url.hasPrefix("http://")) ? url : nil
    }
}
