import Foundation
import RenditionTestKit
import Testing

/// The gallery page in a real browser.
@Suite("The gallery page", .timeLimit(.minutes(5)))
struct GalleryPageTests {
    private let folder = TestFolder()
    private var store: String { "local:\(folder.path("store"))" }

    /// Starts the server on a free port.
    private func serve(_ gallery: String) async throws -> (Command, String) {
        let server = try Renditions.start(["gallery", gallery, "--port", "0", "--store", store])
        while !server.output.contains("http://localhost:"), server.isRunning {
            try await Task.sleep(for: .milliseconds(20))
        }
        let address = server.output.split(separator: " ").last.map { $0.trimmingCharacters(in: .newlines) } ?? ""
        return (server, address)
    }

    private func fetch(_ url: String) async throws -> (status: String, headers: String) {
        let result = try await Command.run("curl", ["-s", "-o", "/dev/null", "-D", "-", "--path-as-is", url])
        return (
            result.output.split(separator: " ").dropFirst().first.map(String.init) ?? "", result.output.lowercased()
        )
    }

    /// What stands in the browser once the page shows what is expected, or after some tries on a slow machine.
    private func dom(of address: String, until isThere: (String) -> Bool) async throws -> String {
        var page = ""
        for budget in [4000, 8000, 16000, 32000] where !isThere(page) {
            page =
                try await Command.run(
                    "chromium",
                    [
                        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                        "--user-data-dir=\(folder.path("profile-\(budget)"))", "--window-size=1280,900",
                        "--virtual-time-budget=\(budget)", "--dump-dom", address,
                    ]
                ).output
        }
        return page
    }

    @Test func theBrowserShowsEveryRenditionFromTheFolder() async throws {
        let names = ["orientation-6.jpg", "Plage d'été #1 (100%).jpg", "broken.jpg"]
        _ = try await Renditions.run(
            ["import", "--gallery", "g", "--store", store] + names.map { "\(Corpus.samples.folder)/\($0)" })
        let (server, address) = try await serve("g")
        defer { server.signal(SIGTERM) }
        // The records' URLs name the address at which the page is.
        _ = try await Renditions.run(
            ["worker", "--drain", "--store", store], ["RENDITIONS_PUBLIC_ENDPOINT": address])
        let page = try await dom(of: "\(address)/") { $0.contains("_thumbnail.jpg") }
        #expect(page.contains("Plage d'été #1 (100%).jpg"))
        #expect(page.contains("damaged or incomplete"), "the broken photo's reason")
        #expect(page.contains("/galerly-renditions-local/renditions/g/"))
        // Each image that the page names is there, as a public object store would send it.
        let sources = page.matches(
            of: /http:\/\/localhost:[0-9]+\/[^ "]+_(?:thumbnail|small|medium|large)\.jpg\?v=[0-9a-f]+/)
        let urls = Set(sources.map { String($0.output) })
        #expect(urls.count >= 2)
        for url in urls {
            let (status, headers) = try await fetch(url)
            #expect(status == "200", "\(url)")
            #expect(headers.contains("content-type: image/jpeg"))
            #expect(headers.contains("max-age=31536000"))
        }
    }

    /// Nothing can be uploaded here, so nothing invites to it.
    @Test func thereAreNoToolsOfUploads() async throws {
        _ = try await Renditions.importing(["\(Corpus.samples.folder)/tiny.jpg"], gallery: "g", store)
        let (server, address) = try await serve("g")
        defer { server.signal(SIGTERM) }
        let browser = try await Browser.start()
        try await browser.open("\(address)/")
        try await eventually("the gallery is shown") {
            try await browser.text("document.getElementById('counts').textContent").hasPrefix("1 photo")
        }
        #expect(try await browser.isTrue("!document.getElementById('tools').checkVisibility()"))
        await browser.close()
    }

    /// The records' addresses are those of the port that `RENDITIONS_PUBLIC_ENDPOINT` names.
    @Test func aPictureThatIsElsewhereIsToldOfWithItsPlace() async throws {
        _ = try await Renditions.importing(["\(Corpus.samples.folder)/tiny.jpg"], gallery: "g", store)
        _ = try await Renditions.run(
            ["worker", "--drain", "--store", store], ["RENDITIONS_PUBLIC_ENDPOINT": "http://localhost:9"])
        let (server, address) = try await serve("g")
        defer { server.signal(SIGTERM) }
        let browser = try await Browser.start()
        try await browser.open("\(address)/")
        try await eventually("the tile says what is missing") {
            try await browser.text("document.querySelector('#grid .box')?.textContent ?? ''").contains(
                "can’t be loaded")
        }
        let told = try await browser.text("document.querySelector('#grid .box').textContent")
        #expect(told == "The image can’t be loaded from localhost:9.")
        #expect(try await browser.text("document.querySelector('#grid .box').style.backgroundImage").isEmpty)
        await browser.close()
    }

    @Test func originalsAndOtherFilesAreNotServed() async throws {
        let ids = try await Renditions.importing(["\(Corpus.samples.folder)/tiny.jpg"], gallery: "g", store)
        _ = try await Renditions.run(["worker", "--drain", "--store", store])
        let (server, address) = try await serve("g")
        defer { server.signal(SIGTERM) }
        let id = try #require(ids.values.first)
        let bucket = "\(address)/galerly-renditions-local"
        #expect(try await fetch("\(bucket)/renditions/g/\(id)_tiny_small.jpg").status == "200")
        for path in [
            "\(address)/galerly-photos-local/g/\(id)_tiny.jpg", "\(bucket)/../galerly-photos-local/g/\(id)_tiny.jpg",
            "\(bucket)/..%2Fgalerly-photos-local%2Fg%2F\(id)_tiny.jpg", "\(bucket)/%2e%2e/%2e%2e/store.sqlite",
            "\(address)/store.sqlite", "\(bucket)/", "\(bucket)/renditions/g/none.jpg", "\(address)/etc/passwd",
        ] {
            let status = try await fetch(path).status
            #expect(["400", "404"].contains(status), "\(path) gave \(status)")
        }
    }

    @Test func aTakenPortIsNamed() async throws {
        _ = try await Renditions.importing(["\(Corpus.samples.folder)/tiny.jpg"], gallery: "g", store)
        let (server, address) = try await serve("g")
        defer { server.signal(SIGTERM) }
        let port = address.split(separator: ":").last.map(String.init) ?? ""
        let second = try await Renditions.run(["gallery", "g", "--port", port, "--store", store])
        #expect(second.status == 1)
        #expect(second.errors.contains("Port \(port) is taken"), "\(second.errors)")
    }
}
