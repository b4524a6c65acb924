import Foundation
import RenditionTestKit
import Testing

/// The gallery page on the whole stack, in a real browser: what a developer sees of a photo from the upload on.
@Suite("Uploading on the page", .timeLimit(.minutes(10)))
struct UploadPageTests {
    private let folder = TestFolder()
    private var data: String { folder.path("data") }

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
        try await StackStage.withPage(of: "wedding", data: data) { stack, browser in
            try await eventually("the page invites") {
                try await browser.text("document.getElementById('note').textContent").contains(
                    "Drag some, or a folder, onto this page")
            }

            let (strand, reference, misread) = try await adobeRGB()
            let samples = ["orientation-6.jpg", "iphone.heic", "broken.jpg", "DSC_0001.JPG"].map {
                "\(Corpus.samples.folder)/\($0)"
            }
            try await browser.type((samples + [strand]).joined(separator: "\n"), into: "#files")
            try await eventually("they are seen to wait") {
                try await browser.counts().contains(/[1-5] (uploading|processing)/)
            }
            try await eventually("they are all done", within: .seconds(120)) {
                try await browser.counts().hasPrefix("5 photos · 1 failed")
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
            let choices = """
                [...document.querySelectorAll('#grid img')].map(each => {
                  const all = each.srcset.split(', ').map(one => one.split(' '));
                  const fitting = all.find(([, wide]) => parseInt(wide) >= each.clientWidth) || all.at(-1);
                  return { all: all.length, tile: each.clientWidth, best: fitting[0], taken: each.currentSrc }; })
                """
            for choice in try #require(try await browser.value(choices) as? [[String: Any]]) {
                #expect(choice["all"] as? Int ?? 0 > 2)
                #expect(choice["taken"] as? String == choice["best"] as? String, "\(choice)")
            }
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
            let right = Picture.distance(beach, reference.grid(6, 4)),
                wrong = Picture.distance(beach, misread.grid(6, 4))
            #expect(right < 3, "\(right) from littlecms' conversion")
            #expect(wrong > 2 * right, "\(wrong) from the numbers taken for sRGB")
            let heic = screen.grid(1, 8, of: try await place(of: "iphone.heic", browser))
            #expect(heic[0][2] > heic[0][0] + 40 && heic[7][1] > heic[7][2] + 40, "sky above, grass below: \(heic)")
        }
    }

    @Test func aNewWatermarkShowsAtOnceDespiteTheCache() async throws {
        try await StackStage.withPage(of: "wedding", data: data) { stack, browser in
            _ = try await stack.upload(Corpus.samples.bytes("DSC_0001.JPG"), as: "DSC_0001.JPG", gallery: "wedding")
            try await browser.seesPhoto()
            _ = try await browser.value("document.getAnimations().forEach(each => each.finish())")
            let place = try await place(of: "DSC_0001.JPG", browser)
            let before = try await shot(browser, "before").grid(1, 1, of: (place.x, place.y))
            let source = "document.querySelector('#grid img').currentSrc"
            let old = try await browser.text(source)

            // By keyboard alone: to the button, through the dialog, and Enter.
            func tab(to id: String) async throws {
                for _ in 0..<10 where try await browser.text("document.activeElement.id") != id {
                    try await browser.press(Browser.Key.tab)
                }
                #expect(try await browser.text("document.activeElement.id") == id)
            }
            func setting(_ id: String) async throws -> String {
                try await browser.text("document.getElementById('\(id)').value")
            }
            try await tab(to: "openMark")
            try await browser.press(Browser.Key.enter)
            try await eventually("the dialog is open") {
                try await browser.isTrue("document.getElementById('mark').open")
            }
            try await eventually("it says how things are") { try await setting("markSize") == "15" }
            try await tab(to: "markOn")
            try await browser.press(" ")
            try await tab(to: "markText")
            for letter in "PROOF" { try await browser.press(String(letter)) }
            try await tab(to: "markPlace")
            for _ in 0..<5 where try await setting("markPlace") != "center" {
                try await browser.press(Browser.Key.down)
            }
            try await tab(to: "markOpacity")
            try await browser.press(Browser.Key.end)
            try await tab(to: "markSize")
            for digit in "50" { try await browser.press(String(digit)) }
            #expect(try await setting("markPlace") == "center")
            #expect(try await setting("markOpacity") == "1")
            #expect(try await setting("markSize") == "50")
            try await browser.press(Browser.Key.enter)
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
        }
    }

    @Test func allCanBeReachedOnAPhone() async throws {
        try await StackStage.withPage(of: "g", data: data) { stack, browser in
            _ = try await stack.upload(Corpus.samples.bytes("DSC_0001.JPG"), as: "DSC_0001.JPG", gallery: "g")
            try await browser.seesPhoto()
            // What a finger can't reach, even after scrolling, and what is wider than the screen.
            func outOfReach(in place: String) async throws -> String {
                try await browser.text(
                    """
                    (() => { const place = document.querySelector('\(place)');
                      const isWide = [document.documentElement, place].some(each => each.scrollWidth > each.clientWidth);
                      const hidden = [...place.querySelectorAll('button, a, label')].filter(each => {
                        if (!each.checkVisibility()) return false;
                        each.scrollIntoView({ block: 'center' });
                        const { left, right, top, bottom } = each.getBoundingClientRect();
                        const isCut = left < 0 || right > innerWidth || bottom - top <= innerHeight && (top < 0 || bottom > innerHeight);
                        return isCut || !each.contains(document.elementFromPoint((left + right) / 2, (top + bottom) / 2));
                      });
                      return [...(isWide ? ['wide'] : []), ...hidden.map(each => each.ariaLabel || each.textContent)].join(', '); })()
                    """)
            }
            for (width, height) in [(360, 640), (640, 360)] {
                try await browser.screen(width: width, height: height)
                try await eventually("it is a phone's screen") { try await browser.isTrue("innerWidth === \(width)") }
                let page = try await outOfReach(in: "body")
                #expect(page.isEmpty, "\(page) at \(width) × \(height)")
                for (button, isOpen, dialog, close) in [
                    ("#openMark", "document.getElementById('mark').open", "#mark", "#markCancel"),
                    ("#grid button.box", "document.querySelectorAll('#stage img').length === 2", "#viewer", "#close"),
                ] {
                    try await browser.click(button)
                    try await eventually("\(dialog) is open") { try await browser.isTrue(isOpen) }
                    let hidden = try await outOfReach(in: dialog)
                    #expect(hidden.isEmpty, "\(hidden) at \(width) × \(height)")
                    try await browser.click(close)
                }
            }
        }
    }

    @Test func photosAndFoldersAreDraggedOntoThePage() async throws {
        try await StackStage.withPage(of: "g", data: data) { _, browser in
            let photo = try folder.write("Brötchen #1.jpg", Corpus.samples.bytes("tiny.jpg"))
            for name in ["Party/2.jpg", "Party/Tanz/3.jpg", "Party/.4.jpg", "Party/.Spotlight/5.jpg"] {
                let file = folder.path(name)
                try FileManager.default.createDirectory(
                    atPath: (file as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                _ = try folder.write(name, Corpus.samples.bytes("tiny.jpg"))
            }
            try await browser.drop([photo, folder.path("Party")]) {
                let invites = try await browser.isTrue("document.getElementById('drop').checkVisibility()")
                #expect(invites)
            }
            #expect(try await browser.isTrue("!document.getElementById('drop').checkVisibility()"))
            try await eventually("the photos are there") {
                try await browser.isTrue("document.querySelectorAll('#grid img.shown').length === 3")
            }
            let names =
                "[...document.querySelectorAll('#grid figcaption p.line')].map(each => each.textContent).sort().join()"
            #expect(try await browser.text(names) == "2.jpg,3.jpg,Brötchen #1.jpg")
            #expect(try await browser.counts().hasPrefix("3 photos · 0 failed"))
        }
    }

    /// A folder holds more than a browser gives out of it at a time.
    @Test func aLargeFolderIsTakenWhole() async throws {
        try await StackStage.withPage(of: "g", data: data) { _, browser in
            try FileManager.default.createDirectory(atPath: folder.path("Shoot"), withIntermediateDirectories: true)
            for number in 1...230 { _ = try folder.write("Shoot/\(number).txt", Array("no photo".utf8)) }
            try await browser.drop([folder.path("Shoot")])
            try await eventually("all are told of") {
                try await browser.counts().hasPrefix("0 photos · 230 not uploaded")
            }
        }
    }
}
