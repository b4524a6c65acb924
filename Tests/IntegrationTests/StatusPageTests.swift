import Foundation
import RenditionTestKit
import Testing

/// The worker's status page in a real browser, on both stores.
@Suite("The status page", .timeLimit(.minutes(10)))
struct StatusPageTests {
    private let folder = TestFolder()

    /// Watches a batch, a failure and its retry in one page that is never loaded again.
    ///
    /// - Parameters:
    ///   - upload: Uploads a sample under a name and tells its id.
    ///   - secret: What the page is to be told when it asks.
    private func watch(
        _ settings: [String: String], secret: String?,
        _ upload: (_ sample: String, _ name: String) async throws -> String
    ) async throws {
        let page = try await WorkerPage(["worker"], settings)
        defer { page.process.signal(SIGKILL) }
        let browser = try await Browser.start()
        try await browser.open("\(page.url)/")
        try await eventually("the page is live") {
            try await browser.text("document.getElementById('live').textContent") == "live"
        }
        #expect(try await browser.text("document.getElementById('done').textContent") == "0")
        #expect(try await browser.text("document.getElementById('failures').textContent").contains("None."))

        for index in 1...8 { _ = try await upload("DSC_0001.JPG", "DSC_\(index).JPG") }
        // Names come from people.
        let broken = try await upload("broken.jpg", "<img src=x onerror=alert(1)>.jpg")
        try await eventually("photos are seen in the worker's hands") {
            try await browser.text("document.getElementById('workers').textContent").contains(
                /DSC_\d\.JPG · gallery wedding/)
        }
        try await eventually("the batch is seen to end") {
            try await browser.text("document.getElementById('done').textContent") == "8"
        }
        try await eventually("the failure is seen") {
            try await browser.text("document.getElementById('failures').textContent")
                .contains("This JPEG file is damaged or incomplete")
        }
        let failures = try await browser.text("document.getElementById('failures').textContent")
        #expect(failures.contains("<img src=x onerror=alert(1)>.jpg"), "\(failures)")
        #expect(failures.contains(broken), "\(failures)")
        #expect(try await browser.text("document.querySelectorAll('img').length") == "0")
        #expect(try await browser.text("document.getElementById('waiting').textContent") == "0")
        #expect(try await browser.text("document.getElementById('p50b').textContent").hasSuffix("s"))
        #expect(try await browser.text("document.title") == "(1) Renditions")

        // The retry, by keyboard: it fails again, and the queue tells that it was tried again.
        _ = try await browser.value("document.querySelector('#failures button').focus()")
        try await browser.press("\u{E007}")
        if let secret {
            try await eventually("the page asks for the secret") {
                try await browser.isTrue("!document.getElementById('key').hidden")
            }
            #expect(
                try await Renditions.run(["show", broken, "--json"], settings).output.contains("redriven") == false)
            try await browser.type(secret, into: "#secret")
            try await browser.press("\u{E007}")
        }
        try await eventually("the page says that it is queued again") {
            try await browser.text("document.getElementById('said').textContent").contains("is queued again")
        }
        try await eventually("it fails again") {
            let shown = try await Renditions.run(["show", broken, "--json"], settings).output
            return shown.contains("redriven") && shown.contains("\"state\" : \"dead\"")
        }
        try await eventually("the failure is seen again") {
            try await browser.isTrue("document.querySelector('#failures button')")
        }

        // A phone's width: nothing is cut off, and the button is there.
        try await browser.resize(width: 500, height: 900)
        #expect(try await browser.isTrue("document.documentElement.scrollWidth <= window.innerWidth"))
        #expect(
            try await browser.isTrue(
                "document.querySelector('#failures button').getBoundingClientRect().right <= window.innerWidth"))

        // Where the worker ends the page says so.
        let ended = try await page.stop()
        #expect(ended.status == 0, "\(ended.errors.suffix(500))")
        try await eventually("the page says that it isn't connected") {
            try await browser.text("document.getElementById('live').textContent").contains("not connected")
        }
        await browser.close()
    }

    @Test func inAnEmbeddedStore() async throws {
        let store = "local:\(folder.path("store"))"
        try await watch(["RENDITIONS_STORE": store], secret: nil) { sample, name in
            let file = try folder.write(name, Corpus.samples.bytes(sample))
            let ids = try await Renditions.importing([file], store)
            return try #require(ids[name])
        }
    }

    @Test func onS3AndDynamoDBWithASecret() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        _ = try await Renditions.run(["setup"], platform.environment)
        let settings = platform.environment.merging(["RENDITIONS_HTTP_SECRET": "s3cret"]) { $1 }
        try await watch(settings, secret: "s3cret") { sample, name in
            try await platform.upload(Corpus.samples.bytes(sample), as: name, gallery: "wedding")
        }
    }
}
