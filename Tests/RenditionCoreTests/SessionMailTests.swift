import RenditionCore
import Testing

@Suite("Mails to photographers")
struct SessionMailTests {
    private static func photo(
        _ name: String, _ status: String = PhotoStatus.active, reason: String = "It is damaged.",
        thumbnail: String = "http://localhost:4566/r/renditions/g/a_thumbnail.jpg?v=1&w=2", size: Bool = true
    ) -> PhotoRecord {
        let moment = RecordValue.string("2026-01-01T00:00:00.000Z")
        var attributes: [String: RecordValue] = [
            "id": .string(name), "original_filename": .string(name), "status": .string(status), "created_at": moment,
            "processed_at": moment, "updated_at": moment, "thumbnail_url": .string(thumbnail),
        ]
        if size { attributes.merge(["width": .integer(4000), "height": .integer(6000)]) { $1 } }
        if status == PhotoStatus.failed { attributes["rendition_error"] = .map(["message": .string(reason)]) }
        return PhotoRecord(attributes: attributes)
    }

    private static func failures(_ count: Int) -> [PhotoRecord] {
        (0..<count).map { photo("broken-\($0 + 10).jpg", PhotoStatus.failed) }
    }

    private static func photos(_ count: Int) -> [PhotoRecord] { (0..<count).map { photo("photo-\($0).jpg") } }

    private static func mail(
        _ photos: [PhotoRecord], gallery: String? = "Anna & Ben", frontend: String? = "https://galerly.com"
    ) throws -> SessionMail {
        var session = UploadSession(
            since: Timestamp(milliseconds: 0), settledAfter: nil, now: Timestamp(milliseconds: 1_800_000_000_000))
        session.add(photos, jobs: [:])
        return SessionMail(
            session, gallery: gallery, from: try #require(MailAddress("a@b.example")),
            to: try #require(MailAddress("c@d.example")), frontend: frontend)
    }

    @Test(arguments: [
        (1, 0, "“G”: 1 photo is ready"), (2, 0, "“G”: 2 photos are ready"),
        (0, 1, "“G”: 1 photo could not be prepared"), (0, 2, "“G”: 2 photos could not be prepared"),
        (1, 1, "“G”: 1 photo is ready, 1 could not be prepared"),
        (12, 3, "“G”: 12 photos are ready, 3 could not be prepared"),
    ])
    func tellHowMany(_ ready: Int, _ failed: Int, _ headline: String) throws {
        let mail = try Self.mail(Self.photos(ready) + Self.failures(failed), gallery: "G")
        #expect(mail.subject == headline)
        #expect(mail.text.hasPrefix("\(headline).\n"))
        #expect(mail.html.contains(">\(headline)</h1>"))
    }

    @Test(arguments: [nil, "", " \n "])
    func aGalleryWithoutANameIsTheirs(_ name: String?) throws {
        #expect(try Self.mail(Self.photos(1), gallery: name).subject == "Your gallery: 1 photo is ready")
    }

    @Test func nameWhatFailedAndWhyUpToANumber() throws {
        let few = try Self.mail([Self.photo("a.jpg", PhotoStatus.failed, reason: "Export it again.")])
        #expect(few.text.contains("- a.jpg: Export it again.\n"))
        #expect(few.html.contains("<li><strong>a.jpg</strong>: Export it again.</li>"))
        #expect(!few.text.contains("more"))
        let many = try Self.mail(Self.failures(SessionMail.mostFailures + 3))
        #expect(many.text.contains("- broken-29.jpg: ") && !many.text.contains("broken-30.jpg"))
        #expect(many.text.contains("- and 3 more\n") && many.html.contains("<li>and 3 more</li>"))
        let silent = try Self.mail([Self.photo("a.jpg", PhotoStatus.failed, reason: "")])
        #expect(silent.text.contains("- a.jpg: Upload it again."))
    }

    @Test func showTheFirstThumbnails() throws {
        let html = try Self.mail(Self.photos(SessionMail.mostThumbnails + 1)).html
        #expect(html.ranges(of: "<img ").count == SessionMail.mostThumbnails)
        #expect(
            html.contains(
                #"<img src="http://localhost:4566/r/renditions/g/a_thumbnail.jpg?v=1&amp;w=2" alt="photo-0.jpg" "#
                    + #"width="133" height="200" "#), "\(html)")
        #expect(try Self.mail([Self.photo("a.jpg", size: false)]).html.contains(#"alt="a.jpg" style="#))
        // A failed photo has none, whatever its record says.
        #expect(try !Self.mail(Self.failures(1)).html.contains("<img"))
    }

    @Test(arguments: ["javascript:alert(1)", "", "data:image/png;base64,AA==", "http://a.example/\" onerror=\"x"])
    func onlyWebAddressesAreShownAsPictures(_ url: String) throws {
        #expect(try Self.mail([Self.photo("a.jpg", thumbnail: "https://a.example/b.jpg")]).html.contains("<img"))
        #expect(try !Self.mail([Self.photo("a.jpg", thumbnail: url)]).html.contains("<img"))
    }

    /// To a browser a quote that carries an accent is a quote.
    @Test func whatPeopleTypedClosesNoAttribute() throws {
        for mark in ["\u{301}", "\u{338}", "\u{200D}"] {
            let name = "x\"\(mark) srcset=http://evil.example/p.png <\(mark)b>\(mark) &\(mark) '\(mark).jpg"
            let html = try Self.mail([Self.photo(name, thumbnail: "https://a.example/b.jpg")], gallery: name).html
            let wanted =
                "x&quot;\(mark) srcset=http://evil.example/p.png &lt;\(mark)b&gt;\(mark) &amp;\(mark) &#39;\(mark).jpg"
            #expect(Array(html.utf8).firstRange(of: Array("alt=\"\(wanted)\"".utf8)) != nil, "\(html)")
        }
    }

    @Test func whatPeopleTypedStaysText() throws {
        let name = "<script>alert('1')</script>\r\nBcc: x@y.example\u{202E}\"&.jpg"
        let mail = try Self.mail(
            [Self.photo(name), Self.photo(name, PhotoStatus.failed, reason: "</li><b>\nx")], gallery: name)
        #expect(!mail.subject.unicodeScalars.contains { $0.properties.generalCategory == .control })
        #expect(!mail.subject.unicodeScalars.contains("\u{202E}"))
        for tag in ["<script", "</script", "<b>", "'1'"] { #expect(!mail.html.contains(tag), "\(tag)") }
        #expect(mail.html.contains("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; Bcc: x@y.example&quot;&amp;.jpg"))
        #expect(mail.text.contains("- <script>alert('1')</script> Bcc: x@y.example\"&.jpg: </li><b> x\n"))
    }

    /// One letter may carry any number of marks.
    @Test(arguments: ["n", "nn"])
    func whatALetterCarriesIsCutToo(_ beginning: String) throws {
        let laden = beginning + String(repeating: "\u{0301}", count: 50_000)
        let mail = try Self.mail([Self.photo(laden, PhotoStatus.failed, reason: laden)], gallery: laden)
        #expect(mail.subject.utf8.count < 2000 && mail.subject.unicodeScalars.starts(with: "“n".unicodeScalars))
        #expect(mail.text.utf8.count < 10_000)
    }

    @Test func namesAreCutAndEmojiStayWhole() throws {
        let long = try Self.mail([Self.photo("a")], gallery: String(repeating: "n", count: 500))
        #expect(long.subject.count < 120)
        let family = "👰🏽‍♀️"
        #expect(try Self.mail([Self.photo("a")], gallery: family).subject.hasPrefix("“\(family)”"))
    }

    @Test func leadToTheGalleries() throws {
        let mail = try Self.mail(Self.photos(1), frontend: "https://galerly.com/?a=1&b=2")
        #expect(mail.text.hasSuffix("Open your galleries: https://galerly.com/?a=1&b=2\n"))
        #expect(mail.html.contains(#"<a href="https://galerly.com/?a=1&amp;b=2">"#))
        #expect(try !Self.mail(Self.photos(1), frontend: nil).html.contains("<a "))
    }

    @Test func tellWhatIsStillToCome() throws {
        let owed = PhotoRecord(attributes: ["status": .string(PhotoStatus.processing)])
        #expect(try Self.mail(Self.photos(1) + [owed]).text.contains("1 more photo isn't ready yet."))
        #expect(try Self.mail(Self.photos(1) + [owed, owed]).html.contains("2 more photos aren't ready yet."))
    }
}
