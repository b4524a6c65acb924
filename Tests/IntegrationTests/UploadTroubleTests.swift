import Foundation
import RenditionTestKit
import Testing

/// What goes wrong around an upload is told of on the gallery page, and costs neither a second upload nor a second photo.
@Suite("Trouble on the page", .timeLimit(.minutes(10)))
struct UploadTroubleTests {
    private let folder = TestFolder()
    private var data: String { folder.path("data") }

    @Test func aFailureIsToldOfAndTriedAgain() async throws {
        try await StackStage.withPage(of: "g", data: data) { stack, browser in
            // The first stop of the Tab key is where photos are added.
            try await browser.press(Browser.Key.tab)
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
            #expect(try await browser.counts().hasPrefix("1 photo · 2 not uploaded · 1 failed"))
            // Whoever has no pointer goes on from where the tile was.
            _ = try await browser.value("document.querySelector('#grid button[aria-label^=Dismiss]').focus()")
            for tool in ["Dismiss", "Try"] {
                try await browser.press(Browser.Key.enter)
                #expect(try await browser.text("document.activeElement.ariaLabel").hasPrefix(tool))
            }
            #expect(try await browser.counts().hasPrefix("1 photo · 1 failed"))

            try await browser.press(Browser.Key.enter)
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

            // Nor does a page elsewhere have anything tried again, and it is told so as everything else is.
            let stranger = try await UploadClient(api: stack.api, origin: "http://evil.example").post(
                "/v1/photos/\(id)/retry")
            #expect(stranger.error == "Pages of other origins than \(stack.page.dropLast()) may not ask for this.")
        }
    }

    /// The worker gives a photo up, too, whose record it can't write.
    @Test func aPhotoThatWasGivenUpHasFailedWhateverItsRecordSays() async throws {
        try await StackStage.withPage(of: "g", data: data) { stack, browser in
            _ = try await browser.value(
                """
                (() => { const ask = fetch;
                  window.fetch = async (url, options) => {
                    const answer = await ask(url, options);
                    if (!String(url).endsWith('/photos')) return answer;
                    const list = await answer.json();
                    for (const photo of list.photos.filter(each => each.status === 'failed')) {
                      photo.status = 'processing';
                      delete photo.rendition_error;
                    }
                    return new Response(JSON.stringify(list));
                  }; })()
                """)
            try await browser.type("\(Corpus.samples.folder)/broken.jpg", into: "#files")
            try await eventually("the worker has given it up") {
                try await UploadClient(api: stack.api).get("/v1/galleries/g/photos").photos.first?["status"] as? String
                    == "failed"
            }
            try await eventually("it has failed for the page") {
                try await browser.counts().hasPrefix("1 photo · 1 failed")
            }
            let told = try await browser.text("document.querySelector('#grid .failed').textContent")
            #expect(told.contains("This JPEG file is damaged or incomplete"))
            try await browser.click("#grid .failed button[aria-label^='Try']")
            try await eventually("the worker has tried it twice") {
                stack.command.output.matches(of: /Failed for good/).count == 2
            }
        }
    }

    @Test(arguments: [true, false]) func anUploadThatCouldNotBeConfirmedIsNoSecondPhoto(_ hadArrived: Bool) async throws
    {
        try await StackStage.withPage(of: "g", data: data) { stack, browser in
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
            try await browser.seesPhoto()
            #expect(try await browser.counts().hasPrefix("1 photo · 0 failed"))
            #expect(try await UploadClient(api: stack.api).get("/v1/galleries/g/photos").photos.count == 1)
            let puts =
                "performance.getEntriesByType('resource').filter(each => each.initiatorType === 'xmlhttprequest').length"
            #expect(try await browser.text(puts) == "1")
        }
    }

    @Test func aFileThatDidNotArriveIsSentAgain() async throws {
        try await StackStage.withPage(of: "g", data: data) { _, browser in
            // Something answers in the object store's place, and keeps nothing.
            _ = try await browser.value(
                """
                (() => { const { open } = XMLHttpRequest.prototype;
                  XMLHttpRequest.prototype.open = function () {
                    XMLHttpRequest.prototype.open = open;
                    open.call(this, 'GET', '/health');
                  }; })()
                """)
            try await browser.type("\(Corpus.samples.folder)/tiny.jpg", into: "#files")
            try await eventually("it is told of") {
                try await browser.text("document.getElementById('grid').textContent").contains(
                    "The file has not arrived.")
            }
            try await browser.click("#grid button[aria-label^='Try']")
            try await browser.seesPhoto()
            // Where the button was that was pressed, its photo can be opened.
            #expect(try await browser.isTrue("document.activeElement.matches('#grid button.box')"))
        }
    }

    @Test func theGridMovesOnHoweverLongAListTakes() async throws {
        try await StackStage.withPage(of: "g", data: data) { stack, browser in
            // Lists wait until the test lets one pass.
            _ = try await browser.value(
                """
                (() => { const ask = fetch, wait = setTimeout;
                  Object.assign(window, { held: [], confirmed: 0, pauses: [] });
                  window.fetch = async (url, options) => {
                    if (String(url).endsWith('/photos')) {
                      window.since = performance.now();
                      await new Promise(pass => held.push(pass));
                    }
                    const answer = await ask(url, options);
                    confirmed += String(url).endsWith('/confirm');
                    return answer;
                  };
                  window.setTimeout = (what, pause, ...rest) => {
                    if (what === refresh) pauses.push(pause);
                    return wait(what, pause, ...rest);
                  }; })()
                """)
            try await eventually("a list is asked for") { try await browser.isTrue("held.length === 1") }
            let files = try (1...3).map { try folder.write("\($0).jpg", Corpus.samples.bytes("tiny.jpg")) }
            try await browser.type(files.joined(separator: "\n"), into: "#files")
            try await eventually("all are uploaded, and seen to be") {
                guard try await browser.isTrue("confirmed === 3") else { return false }
                return try await browser.counts().hasPrefix("3 photos · 3 processing")
            }
            #expect(try await browser.text("held.length") == "1", "one question at a time")
            let listed = try await UploadClient(api: stack.api).get("/v1/galleries/g/photos").photos
            let last = try #require(listed.last?["filename"] as? String)
            _ = try await browser.value(
                "[...document.querySelectorAll('#grid li')].find(each => each.textContent.includes('\(last)')).focus()")
            // An answer is shown while the next is waited for; the longer it took, the longer the page waits.
            _ = try await browser.value("Object.assign(window, { pauses: [], took: performance.now() - since })")
            _ = try await browser.value("held.shift()()")
            try await eventually("the next list is asked for") { try await browser.isTrue("held.length === 1") }
            #expect(try await browser.text("pauses.length") == "1", "an upload that ends asks for no list")
            #expect(try await browser.isTrue("pauses[0] >= Math.min(3 * took, 15000)"))
            #expect(try await browser.isTrue("uploads.size === 0 && photos.length === 3"))
            // The focus was on an upload's tile, and is on its photo's.
            #expect(try await browser.isTrue("document.activeElement.closest('li')?.textContent.includes('\(last)')"))
        }
    }

    /// A server that is stopped takes connections and answers nothing.
    @Test func silenceIsToldOfAndAskedAgain() async throws {
        try await StackStage.withPage(of: "g", data: data) { stack, browser in
            func stop(_ part: String, _ body: () async throws -> Void) async throws {
                let process = try #require(try await stack.process(of: part))
                kill(process, SIGSTOP)
                defer { kill(process, SIGCONT) }
                try await body()
            }
            func patience(_ milliseconds: Int) async throws {
                _ = try await browser.value(
                    "Object.assign(patience, { answer: \(milliseconds), silence: \(milliseconds) })")
            }
            let said = "document.getElementById('said').textContent"
            try await stop("renditions devserver --store aws --api 127") {
                try await patience(300)
                try await eventually("it is told of") {
                    try await browser.text(said).contains("The upload API doesn’t answer.")
                }
                try await patience(60_000)
            }
            try await eventually("the page goes on") { try await browser.text(said).isEmpty }

            try await stop("ministack") {
                _ = try await browser.value("patience.silence = 300")
                // Its place is asked for at the API, which asks nobody for it.
                try await browser.type("\(Corpus.samples.folder)/tiny.jpg", into: "#files")
                try await eventually("it is told of") {
                    try await browser.text("document.getElementById('grid').textContent").contains(
                        "The object store doesn’t answer.")
                }
                try await patience(60_000)
            }
            try await browser.click("#grid button[aria-label^='Try']")
            try await browser.seesPhoto()
        }
    }

    @Test func aPageThatWasToldNothingAsksAgain() async throws {
        let lost = """
            (() => { const ask = fetch;
              window.fetch = async (...all) => {
                if (all[0] !== 'config.json') return ask(...all);
                window.fetch = ask;
                throw new TypeError('lost');
              }; })()
            """
        try await StackStage.withPage(of: "g", data: data, prepare: { try await $0.runFirst(lost) }) { _, browser in
            try await eventually("the page invites") {
                try await browser.text("document.getElementById('note').textContent").contains(
                    "Drag some, or a folder, onto this page")
            }
        }
    }
}
