import Foundation
import RenditionTestKit
import Testing

/// The gallery page on the whole stack, in a real browser: what a developer sees of a photo from the upload on.
@Suite("Uploading on the page", .timeLimit(.minutes(10)))
struct UploadPageTests {
    private let folder = TestFolder()

    /// A photo in Adobe RGB, and the same in sRGB by littlecms' own command.
    private func adobeRGB() async throws -> (photo: String, reference: Picture, misread: Picture) {
        let photo = folder.path("Strand.jpg")
        _ = try await Command.run(
            "vips",
            [
                "icc_transform", Corpus.samples.folder + "/Plage d'été #1 (100%).jpg", "\(photo)[Q=95]",
                "/usr/share/color/icc/colord/AdobeRGB1998.icc", "--embedded",
            ])
        _ = try await Command.run("jpgicc", ["-q95", "-o*sRGB", "-t1", photo, folder.path("reference.jpg")])
        // What a program shows that takes the numbers for sRGB's.
        return (photo, try await Picture(folder.path("reference.jpg")), try await Picture(photo))
    }

    /// A stack, and a browser on a gallery's page.
    private func open(_ gallery: String) async throws -> (StackStage, Browser) {
        let stack = try await StackStage.start(folder.path("data"))
        let browser = try await Browser.start()
        try await browser.open("\(stack.page)?gallery=\(gallery)")
        try await eventually("the page is there") {
            try await browser.isTrue("!document.getElementById('tools').hidden")
        }
        return (stack, browser)
    }

    private func close(_ stack: StackStage, _ browser: Browser) async throws {
        await browser.close()
        #expect(try await stack.stop().status == 0)
    }

    private func counts(_ browser: Browser) async throws -> String {
        try await browser.text("document.getElementById('counts').textContent")
    }

    /// Where a photo stands on the screenshot.
    private func place(of name: String, _ browser: Browser) async throws -> (x: Range<Int>, y: Range<Int>) {
        let box = """
            (() => { const box = [...document.querySelectorAll('#grid figure')].find(each =>
              each.querySelector('figcaption p').textContent === \(name.debugDescription)).querySelector('.box')
              .getBoundingClientRect();
              return [box.left, box.right, box.top, box.bottom].join(' '); })()
            """
        let sides = try await browser.text(box).split(separator: " ").compactMap { Double($0) }
        guard sides.count == 4 else { throw ServerFault("\(name) isn't on the page") }
        // Without its last pixels, which may be its neighbours'.
        return (Int(sides[0]) + 2..<Int(sides[1]) - 2, Int(sides[2]) + 2..<Int(sides[3]) - 2)
    }

    private func shot(_ browser: Browser, _ name: String) async throws -> Picture {
        try await Picture(try folder.write("\(name).png", try await browser.screenshot()))
    }

    private static let images = """
        performance.getEntriesByType('resource').filter(each => each.initiatorType === 'img').map(each => each.name)
        """

    @Test func fivePhotosAreUploadedRenderedAndSeen() async throws {
        let (stack, browser) = try await open("wedding")
        defer { stack.command.signal(SIGINT) }
        try await eventually("the page invites") {
            try await browser.text("document.getElementById('note').textContent").contains("Drag some onto this page")
        }

        let (strand, reference, misread) = try await adobeRGB()
        let samples = ["orientation-6.jpg", "iphone.heic", "broken.jpg", "DSC_0001.JPG"].map {
            "\(Corpus.samples.folder)/\($0)"
        }
        try await browser.type((samples + [strand]).joined(separator: "\n"), into: "#files")
        try await eventually("they are seen to wait") {
            try await counts(browser).contains(/[1-5] (uploading|processing)/)
        }
        try await eventually("they are all done", within: .seconds(120)) {
            try await counts(browser).hasPrefix("5 photos · 1 failed")
        }
        try await eventually("the pictures are there") {
            try await browser.isTrue("document.querySelectorAll('#grid img.shown').length === 4")
        }
        let failed = try await browser.text("document.querySelector('#grid .failed').textContent")
        #expect(failed.contains("This JPEG file is damaged or incomplete"))
        #expect(
            try await browser.text("document.querySelector('#grid .failed').parentElement.textContent").contains(
                "broken.jpg"))

        // Every picture came from the object store, with what a canvas and a cache need.
        let sources = try #require(try await browser.value(Self.images) as? [String])
        #expect(sources.count >= 4)
        #expect(
            sources.allSatisfy {
                $0.hasPrefix("\(stack.store)/galerly-renditions-local/renditions/wedding/") && $0.contains("?v=")
            }, "\(sources)")
        #expect(
            try await browser.isTrue(
                "[...document.querySelectorAll('#grid img')].every(each => each.crossOrigin === 'anonymous' && each.naturalWidth)"
            ))
        let headers = try await Command.run(
            "curl", ["-s", "-D", "-", "-o", "/dev/null", "-H", "Origin: \(stack.page.dropLast())", sources[0]]
        ).output.lowercased()
        #expect(headers.contains("cache-control: public, max-age=31536000, immutable"))
        #expect(headers.contains("access-control-allow-origin: \(stack.page.dropLast())"))
        // The smallest rendition that fills the tile is taken, of all that there are.
        #expect(
            try await browser.isTrue(
                "[...document.querySelectorAll('#grid img')].every(each => each.srcset.split(', ').length > 2)"))
        // A blurred picture stands there before the photo does.
        #expect(
            try await browser.isTrue(
                "[...document.querySelectorAll('#grid button.box')].every(each => each.style.backgroundImage.startsWith('url(\"data:image/png'))"
            ))

        // Upright and in their colours.
        _ = try await browser.value("document.getAnimations().forEach(each => each.finish())")
        let screen = try await shot(browser, "screen")
        let up = screen.grid(12, 8, of: try await place(of: "orientation-6.jpg", browser))
        let corners = [
            (0, "top left", [220.0, 40, 40]), (11, "top right", [40, 180, 60]), (84, "bottom left", [40, 80, 220]),
            (95, "bottom right", [230, 200, 40]),
        ]
        for (cell, name, colour) in corners {
            #expect(Picture.distance([up[cell]], [colour]) < 12, "\(name): \(up[cell])")
        }
        let beach = screen.grid(6, 4, of: try await place(of: "Strand.jpg", browser))
        let right = Picture.distance(beach, reference.grid(6, 4)), wrong = Picture.distance(beach, misread.grid(6, 4))
        #expect(right < 3, "\(right) from littlecms' conversion")
        #expect(wrong > 2 * right, "\(wrong) from the numbers taken for sRGB")
        let heic = screen.grid(1, 8, of: try await place(of: "iphone.heic", browser))
        #expect(heic[0][2] > heic[0][0] + 40 && heic[7][1] > heic[7][2] + 40, "sky above, grass below: \(heic)")
        try await close(stack, browser)
    }

    @Test func aNewWatermarkShowsAtOnceDespiteTheCache() async throws {
        let (stack, browser) = try await open("wedding")
        defer { stack.command.signal(SIGINT) }
        _ = try await stack.upload(Corpus.samples.bytes("DSC_0001.JPG"), as: "DSC_0001.JPG", gallery: "wedding")
        try await eventually("the photo is there") {
            try await browser.isTrue("document.querySelector('#grid img.shown')")
        }
        _ = try await browser.value("document.getAnimations().forEach(each => each.finish())")
        let place = try await place(of: "DSC_0001.JPG", browser)
        let before = try await shot(browser, "before").grid(1, 1, of: (place.x, place.y))
        let source = "document.querySelector('#grid img').currentSrc"
        let old = try await browser.text(source)

        // By keyboard alone: to the button, the dialog, the text, and Enter.
        for _ in 0..<10 where try await browser.text("document.activeElement.id") != "openMark" {
            try await browser.press("\u{E004}")
        }
        #expect(try await browser.text("document.activeElement.id") == "openMark")
        try await browser.press("\u{E007}")
        try await eventually("the dialog is open") { try await browser.isTrue("document.getElementById('mark').open") }
        try await eventually("it says how things are") {
            try await browser.text("document.getElementById('markSize').value") == "15"
        }
        _ = try await browser.value("document.getElementById('markOn').focus()")
        try await browser.press(" ")
        try await browser.press("\u{E004}")
        for letter in "PROOF" { try await browser.press(String(letter)) }
        _ = try await browser.value("document.getElementById('markPlace').value = 'center'")
        _ = try await browser.value("document.getElementById('markOpacity').value = '1'")
        _ = try await browser.value("document.getElementById('markSize').value = '50'")
        try await browser.press("\u{E007}")
        try await eventually("another picture is shown, in the same page") {
            guard try await browser.text(source) != old else { return false }
            return try await browser.isTrue("document.querySelector('#grid img.shown')?.complete")
        }
        _ = try await browser.value("document.getAnimations().forEach(each => each.finish())")
        let after = try await shot(browser, "after").grid(1, 1, of: (place.x, place.y))
        #expect(Picture.distance(before, after) > 1, "the mark is to be seen: \(before) \(after)")
        let new = try await browser.text(source)
        #expect(new.split(separator: "?").first == old.split(separator: "?").first, "the key is the same")
        // Under its old address this browser would still show the old one, which the object store has no more.
        let kept = try await browser.text(
            "fetch(\(old.debugDescription)).then(each => each.blob()).then(each => each.size)")
        let stored = try await Command.run("curl", ["-s", "-o", "/dev/null", "-w", "%{size_download}", old]).output
        #expect(kept != stored, "the cache is in use")
        try await close(stack, browser)
    }

    @Test func aFailureIsTriedAgainAndAPhoneIsWideEnough() async throws {
        let (stack, browser) = try await open("g")
        defer { stack.command.signal(SIGINT) }
        // The first stop of the Tab key is where photos are added.
        try await browser.press("\u{E004}")
        #expect(try await browser.text("document.activeElement.id") == "files")

        let hostile = try folder.write("<img src=x onerror=alert(1)>.jpg", Corpus.samples.bytes("broken.jpg"))
        let text = try folder.write("notes.txt", Array("no photo".utf8))
        let empty = try folder.write("empty.jpg", [])
        try await browser.type([hostile, text, empty].joined(separator: "\n"), into: "#files")
        try await eventually("all three are told of") {
            try await browser.isTrue("document.querySelectorAll('#grid .failed').length === 3")
        }
        let told = try await browser.text("document.getElementById('grid').textContent")
        #expect(told.contains(".txt is no format of photos or films that is known here."))
        #expect(told.contains("This file is empty."))
        #expect(told.contains("<img src=x onerror=alert(1)>.jpg"))
        #expect(try await browser.isTrue("!document.querySelector('#grid img')"))
        // What can't succeed by trying again has no button for it, and can be put away.
        let again = "document.querySelectorAll('#grid .failed button[aria-label^=\"Try\"]').length"
        #expect(try await browser.text(again) == "1")
        #expect(try await counts(browser).hasPrefix("1 photo · 2 not uploaded · 1 failed"))
        for _ in 1...2 { try await browser.click("#grid button[aria-label^='Dismiss']") }
        #expect(try await counts(browser).hasPrefix("1 photo · 1 failed"))

        _ = try await browser.value("document.querySelector('#grid .failed button').focus()")
        try await browser.press("\u{E007}")
        // The failed tile is seen to go, and to come again.
        try await eventually("it is seen to be tried again") {
            try await browser.text("document.getElementById('grid').textContent").contains(
                /Queued again|Rendering again/)
        }
        let id = try #require(
            try await UploadClient(api: stack.api).get("/v1/galleries/g/photos").photos.first?["id"] as? String)
        try await eventually("the worker has tried it twice") {
            stack.command.output.matches(of: /Failed for good/).count == 2 && stack.command.output.contains(id)
        }
        try await eventually("it is seen to have failed again") {
            try await browser.isTrue("document.querySelector('#grid .failed button')")
        }

        try await browser.resize(width: 500, height: 900)
        #expect(try await browser.isTrue("document.documentElement.scrollWidth <= window.innerWidth"))
        #expect(
            try await browser.isTrue(
                "[...document.querySelectorAll('.tool')].filter(each => each.offsetParent).every(each => each.getBoundingClientRect().right <= window.innerWidth && each.getBoundingClientRect().height >= 32)"
            ))
        try await close(stack, browser)
    }

    /// What goes wrong between the page and the API costs neither a second upload nor a second photo.
    @Test(arguments: [true, false]) func anUploadThatCouldNotBeConfirmedIsNoSecondPhoto(_ hadArrived: Bool) async throws
    {
        let (stack, browser) = try await open("g")
        defer { stack.command.signal(SIGINT) }
        _ = try await browser.value(
            """
            (() => { const ask = fetch; let isLost = false;
              window.fetch = async (url, options) => {
                const isFirst = String(url).endsWith('/confirm') && !isLost;
                isLost ||= isFirst;
                if (isFirst && !\(hadArrived)) throw new TypeError('lost');
                const answer = await ask(url, options);
                if (isFirst) throw new TypeError('lost');
                return answer;
              }; })()
            """)
        try await browser.type("\(Corpus.samples.folder)/tiny.jpg", into: "#files")
        if !hadArrived {
            try await eventually("it is told of") {
                try await browser.text("document.getElementById('grid').textContent").contains(
                    "The upload API can’t be reached.")
            }
            try await browser.click("#grid button[aria-label^='Try']")
        }
        try await eventually("the photo is there") {
            try await browser.isTrue("document.querySelector('#grid img.shown')")
        }
        #expect(try await counts(browser).hasPrefix("1 photo · 0 failed"))
        #expect(try await UploadClient(api: stack.api).get("/v1/galleries/g/photos").photos.count == 1)
        let puts =
            "performance.getEntriesByType('resource').filter(each => each.initiatorType === 'xmlhttprequest').length"
        #expect(try await browser.text(puts) == "1")
        try await close(stack, browser)
    }

    @Test func photosAreDraggedOntoThePage() async throws {
        let (stack, browser) = try await open("g")
        defer { stack.command.signal(SIGINT) }
        let bytes = Data(Corpus.samples.bytes("tiny.jpg")).base64EncodedString()
        _ = try await browser.value(
            """
            (() => { window.dragged = new DataTransfer();
              dragged.items.add(new File([Uint8Array.from(atob('\(bytes)'), each => each.charCodeAt(0))], 'Brötchen #1.jpg'));
              dispatchEvent(new DragEvent('dragenter', { dataTransfer: dragged, cancelable: true })); })()
            """)
        #expect(try await browser.isTrue("document.getElementById('drop').checkVisibility()"))
        _ = try await browser.value("dispatchEvent(new DragEvent('drop', { dataTransfer: dragged, cancelable: true }))")
        #expect(try await browser.isTrue("!document.getElementById('drop').checkVisibility()"))
        try await eventually("the photo is there") {
            try await browser.isTrue("document.querySelector('#grid img.shown')")
        }
        #expect(
            try await browser.text("document.querySelector('#grid figcaption').textContent").hasPrefix(
                "Brötchen #1.jpg"))
        try await close(stack, browser)
    }
}
