import Foundation
import RenditionTestKit
import Testing

extension StackStage {
    /// Brings a stack up, opens a gallery's page of it in a real browser, and ends both after the test's body.
    ///
    /// - Parameter prepare: Is given the browser before the page is opened.
    static func withPage(
        of gallery: String, data: String, prepare: (Browser) async throws -> Void = { _ in },
        _ body: (StackStage, Browser) async throws -> Void
    ) async throws {
        let stack = try await start(data)
        defer { stack.command.signal(SIGINT) }
        let browser = try await Browser.start()
        try await prepare(browser)
        try await browser.open("\(stack.page)?gallery=\(gallery)")
        try await eventually("the page is there") {
            try await browser.isTrue("!document.getElementById('tools').hidden")
        }
        try await body(stack, browser)
        await browser.close()
        #expect(try await stack.stop().status == 0)
    }
}

/// What is to be seen on the gallery page.
extension Browser {
    func counts() async throws -> String {
        try await text("document.getElementById('counts').textContent")
    }

    /// Waits until a photo is shown.
    func seesPhoto() async throws {
        try await eventually("the photo is there") {
            try await isTrue("document.querySelector('#grid img.shown')")
        }
    }

    /// Keys without a character, in WebDriver's table.
    enum Key {
        static let tab = "\u{E004}"
        static let enter = "\u{E007}"
        static let end = "\u{E010}"
        static let down = "\u{E015}"
    }
}
