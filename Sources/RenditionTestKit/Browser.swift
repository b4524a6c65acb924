import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// A headless Chromium that a test drives as a person would, through Debian's chromium-driver.
///
/// Source: W3C WebDriver, https://www.w3.org/TR/webdriver2/.
package final class Browser: Sendable {
    private let leash: Leash
    private let exchange: HTTPExchange
    private let session: String

    private init(_ leash: Leash, _ exchange: HTTPExchange, session: String) {
        self.leash = leash
        self.exchange = exchange
        self.session = session
    }

    /// Starts a browser with nothing in it.
    ///
    /// - Parameter width: Of its window, in CSS pixels.
    package static func start(width: Int = 1200, height: Int = 900) async throws -> Browser {
        try await Emulator.retrying {
            let folder = TestFolder()
            let port = try FreePort.choose(1)[0]
            let log = folder.path("log")
            let leash = try Leash(
                "/usr/bin/chromedriver", ["--port=\(port)"],
                environment: ["PATH": "/usr/bin:/bin", "HOME": folder.path, "TMPDIR": folder.path],
                folder: folder.path, log: log)
            let exchange = try HTTPExchange("127.0.0.1:\(port)")
            let deadline = ContinuousClock.now + .seconds(60)
            while (try? await exchange.send(.init(head: head(.GET, "/status")))) == nil {
                if !leash.isRunning { throw Emulator.PortTaken(description: "chromedriver ended") }
                if ContinuousClock.now > deadline { throw ServerFault("chromedriver doesn't answer", log: log) }
                try await Task.sleep(for: .milliseconds(50))
            }
            let arguments = [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                "--window-size=\(width),\(height)",
            ]
            let options: [String: Any] = ["args": arguments, "binary": "/usr/bin/chromium"]
            let value = try await send(
                exchange, .POST, "/session", ["capabilities": ["alwaysMatch": ["goog:chromeOptions": options]]])
            guard let session = (value as? [String: Any])?["sessionId"] as? String else {
                throw ServerFault("Chromium didn't start", log: log)
            }
            return Browser(leash, exchange, session: session)
        }
    }

    package func close() async {
        _ = try? await command(.DELETE, "", nil)
        await leash.stop()
    }

    package func open(_ url: String) async throws { _ = try await command(.POST, "/url", ["url": url]) }

    /// What an expression gives, or its promise.
    package func value(_ expression: String) async throws -> Any {
        try await command(.POST, "/execute/sync", ["script": "return \(expression);", "args": [Any]()]) ?? NSNull()
    }

    package func text(_ expression: String) async throws -> String {
        let value = try await value(expression)
        return value as? String ?? "\(value)"
    }

    package func isTrue(_ expression: String) async throws -> Bool {
        (try await value("Boolean(\(expression))") as? NSNumber)?.boolValue == true
    }

    /// Clicks on the middle of an element.
    package func click(_ selector: String) async throws {
        _ = try await command(.POST, "/element/\(try await element(selector))/click", [:])
    }

    /// Types into an element; into an input of files, their paths, a line each.
    package func type(_ text: String, into selector: String) async throws {
        _ = try await command(.POST, "/element/\(try await element(selector))/value", ["text": text])
    }

    /// Presses a key where the focus is.
    ///
    /// - Parameter key: A character; those of WebDriver's table for keys that have none, such as `\u{E004}` for Tab.
    package func press(_ key: String) async throws {
        let actions = [["type": "keyDown", "value": key], ["type": "keyUp", "value": key]]
        _ = try await command(.POST, "/actions", ["actions": [["type": "key", "id": "keys", "actions": actions]]])
    }

    package func resize(width: Int, height: Int) async throws {
        _ = try await command(.POST, "/window/rect", ["width": width, "height": height])
    }

    /// Shows the page as on a screen of this size, in CSS pixels. A window can't be as narrow as a phone is.
    package func screen(width: Int, height: Int) async throws {
        try await devTools(
            "Emulation.setDeviceMetricsOverride",
            ["width": width, "height": height, "deviceScaleFactor": 1, "mobile": false])
    }

    /// Drags files and folders onto the middle of the page, as from the desktop.
    ///
    /// - Parameters:
    ///   - paths: Absolute ones.
    ///   - above: Runs while they hang above the page.
    package func drop(_ paths: [String], above: () async throws -> Void = {}) async throws {
        let middle = "[innerWidth / 2, innerHeight / 2]"
        guard let place = try await value(middle) as? [Double] else { throw ServerFault("the page has no size") }
        func drag(_ type: String) async throws {
            let data: [String: Any] = ["items": [Any](), "files": paths, "dragOperationsMask": 1]
            try await devTools(
                "Input.dispatchDragEvent", ["type": type, "x": place[0], "y": place[1], "data": data])
        }
        try await drag("dragEnter")
        try await drag("dragOver")
        try await above()
        try await drag("drop")
    }

    /// Runs a script in every page that is opened from now on, before the page's own.
    package func runFirst(_ script: String) async throws {
        try await devTools("Page.addScriptToEvaluateOnNewDocument", ["source": script])
    }

    /// What is to be seen, as a PNG file.
    package func screenshot() async throws -> [UInt8] {
        guard let text = try await command(.GET, "/screenshot", nil) as? String, let data = Data(base64Encoded: text)
        else { throw ServerFault("Chromium took no screenshot") }
        return [UInt8](data)
    }

    private func element(_ selector: String) async throws -> String {
        let found = try await command(.POST, "/element", ["using": "css selector", "value": selector])
        guard let id = (found as? [String: String])?.values.first else { throw ServerFault("no element \(selector)") }
        return id
    }

    /// Source: Chrome DevTools Protocol, https://chromedevtools.github.io/devtools-protocol/.
    private func devTools(_ name: String, _ parameters: [String: Any]) async throws {
        _ = try await command(.POST, "/goog/cdp/execute", ["cmd": name, "params": parameters])
    }

    private func command(_ method: HTTPMethod, _ path: String, _ body: [String: Any]?) async throws -> Any? {
        try await Self.send(exchange, method, "/session/\(session)\(path)", body)
    }

    private static func head(_ method: HTTPMethod, _ path: String) -> HTTPRequestHead {
        HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: ["host": "localhost"])
    }

    private static func send(
        _ exchange: HTTPExchange, _ method: HTTPMethod, _ path: String, _ body: [String: Any]?
    ) async throws -> Any? {
        var head = head(method, path)
        var bytes = ByteBuffer()
        if let body { bytes.writeBytes(try JSONSerialization.data(withJSONObject: body)) }
        head.headers.add(name: "content-type", value: "application/json")
        head.headers.add(name: "content-length", value: String(bytes.readableBytes))
        let response = try await exchange.send(.init(head: head, body: bytes))
        let answer = try JSONSerialization.jsonObject(with: Data(response.body.readableBytesView)) as? [String: Any]
        guard response.head.status == .ok else {
            throw ServerFault("Chromium refuses \(path): \(String(buffer: response.body).prefix(500))")
        }
        return answer?["value"]
    }
}
