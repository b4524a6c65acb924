/// What a ``SessionMail`` says, in its two forms.
struct SessionMailContent {
    private struct Picture {
        var url: String
        var name: String
        /// As it is shown: half of the thumbnail, so that it is sharp on fine screens; nil where the record tells no size.
        var size: PixelSize?
    }

    private struct Failure {
        var name: String
        var reason: String
    }

    private let gallery: String?
    private let frontend: String?
    private let ready: Int
    private let failed: Int
    private let owed: Int
    private let pictures: [Picture]
    private let failures: [Failure]

    /// - Parameter gallery: In one line.
    init(_ session: UploadSession, gallery: String?, frontend: String?) {
        self.gallery = gallery
        self.frontend = frontend
        (ready, failed, owed) = (session.ready, session.failed, session.owed)
        pictures = session.pictures.compactMap(Self.picture)
        failures = session.failures.map { photo in
            let reason = photo.reason ?? ""
            return Failure(
                name: Self.name(photo),
                reason: reason.isEmpty ? "Upload it again." : MailText.line(reason, limit: 300))
        }
    }

    private static func name(_ photo: UploadSession.Photo) -> String { MailText.line(photo.filename, limit: 80) }

    private static func picture(_ photo: UploadSession.Photo) -> Picture? {
        guard let url = photo.thumbnail else { return nil }
        let size = photo.size.map(RenditionSize.thumbnail.fitted).map { thumbnail in
            PixelSize(width: max(1, thumbnail.width / 2), height: max(1, thumbnail.height / 2))
        }
        return Picture(url: url, name: name(photo), size: size)
    }

    // MARK: Sentences

    private var place: String { gallery.map { "“\($0)”" } ?? "Your gallery" }

    /// Such as `“Anna & Ben”: 12 photos are ready, 1 could not be prepared`.
    var headline: String {
        func photos(_ count: Int) -> String { count == 1 ? "1 photo" : "\(count) photos" }
        let isReady = "\(photos(ready)) \(ready == 1 ? "is" : "are") ready"
        if failed == 0 { return "\(place): \(isReady)" }
        if ready == 0 { return "\(place): \(photos(failed)) could not be prepared" }
        return "\(place): \(isReady), \(failed) could not be prepared"
    }

    /// Says what isn't told yet, which is so only where it was waited for long.
    private var remainder: String? {
        switch owed {
        case 0: nil
        case 1: "1 more photo isn't ready yet."
        default: "\(owed) more photos aren't ready yet."
        }
    }

    private var unnamed: String? { failed > failures.count ? "and \(failed - failures.count) more" : nil }

    private static let failuresTitle = "What could not be prepared"
    private static let linkTitle = "Open your galleries"

    // MARK: Forms

    var text: String {
        var paragraphs = ["\(headline)."]
        if failed > 0 {
            let lines = failures.map { "- \($0.name): \($0.reason)" } + [unnamed.map { "- \($0)" }].compactMap(\.self)
            paragraphs.append((["\(Self.failuresTitle):"] + lines).joined(separator: "\n"))
        }
        if let remainder { paragraphs.append(remainder) }
        if let frontend { paragraphs.append("\(Self.linkTitle): \(frontend)") }
        return paragraphs.joined(separator: "\n\n") + "\n"
    }

    /// Mail programs heed styles only where they stand at the element, and need a picture's size before it is loaded.
    var html: String {
        var body = [
            "<h1 style=\"font-size:20px;font-weight:600;margin:0 0 16px\">\(MailText.html(headline))</h1>"
        ]
        if !pictures.isEmpty {
            body.append("<p style=\"margin:0 0 16px\">")
            body += pictures.map(Self.image)
            body.append("</p>")
        }
        if failed > 0 {
            body.append(
                "<h2 style=\"font-size:16px;font-weight:600;margin:0 0 8px\">\(MailText.html(Self.failuresTitle))</h2>")
            body.append("<ul style=\"margin:0 0 16px;padding-left:20px\">")
            body += failures.map {
                "<li><strong>\(MailText.html($0.name))</strong>: \(MailText.html($0.reason))</li>"
            }
            if let unnamed { body.append("<li>\(unnamed)</li>") }
            body.append("</ul>")
        }
        if let remainder { body.append("<p style=\"margin:0 0 16px\">\(remainder)</p>") }
        if let frontend {
            body.append("<p style=\"margin:0\"><a href=\"\(MailText.html(frontend))\">\(Self.linkTitle)</a></p>")
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head><meta charset="utf-8"><title>\(MailText.html(headline))</title></head>
            <body style="margin:0;padding:24px;font-family:sans-serif;font-size:15px;line-height:1.5;color:#222">
            \(body.joined(separator: "\n"))
            </body>
            </html>

            """
    }

    private static func image(_ picture: Picture) -> String {
        let size = picture.size.map { " width=\"\($0.width)\" height=\"\($0.height)\"" } ?? ""
        return "<img src=\"\(MailText.html(picture.url))\" alt=\"\(MailText.html(picture.name))\"\(size) "
            + "style=\"margin:0 8px 8px 0;border:0\">"
    }
}
