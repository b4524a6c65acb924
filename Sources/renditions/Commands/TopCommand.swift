import ArgumentParser
import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionCore

struct TopCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "top",
        abstract: "Shows the queue, the workers and the failures in the terminal, again and again.",
        discussion: """
            With the address of a worker's status page it shows that worker's rates too; without, what the store alone \
            tells. Ctrl-C ends it.

              renditions top
              renditions top http://localhost:9090
            """)

    @Argument(help: "A worker's status page (its --http), such as http://localhost:9090.")
    var url: String?

    @Option(help: "Seconds between two looks.")
    var every = 2

    @Flag(help: "Look once and end.")
    var once = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        if !(1...3600).contains(every) { throw ValidationError("--every takes a number from 1 to 3600 (s).") }
        if let url, Endpoint(url) == nil {
            throw ValidationError("\(url) is no address of a status page; it is such as http://localhost:9090.")
        }
    }

    func run() async throws {
        try await Terminal.guarded {
            if let endpoint = url.flatMap(Endpoint.init) {
                let transport = HTTPTransport()
                do {
                    try await show { try await Self.fetch(endpoint, transport) }
                } catch {
                    await transport.close()
                    throw error
                }
                await transport.close()
                return
            }
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            try await Parts.withStore(settings.store, settings, creates: false) { store in
                let overview = StoreOverview(store: store)
                try await show {
                    StatusDocument(
                        store: store, watched: nil,
                        overview: .success(try await overview.view(atMost: .zero, patience: .seconds(60))))
                }
            }
        }
    }

    private static func fetch(_ endpoint: Endpoint, _ transport: HTTPTransport) async throws -> StatusDocument {
        func unreachable(_ reason: String) -> RenditionError {
            RenditionError(
                code: "unreachable", stage: .store, retriable: true,
                message: "No worker's status page answers on \(endpoint.text). Is it the address after its --http?",
                detail: reason)
        }
        let request = WireRequest(.GET, endpoint, path: "/status")
        let response: WireResponse
        do {
            response = try await transport.send(request, limit: 16 << 20, deadline: .seconds(10))
        } catch {
            throw unreachable("\(error)")
        }
        guard response.status == 200,
            let document = try? JSONDecoder().decode(StatusDocument.self, from: Data(response.body))
        else { throw unreachable("it answered \(response.status)") }
        return document
    }

    /// Draws over what it drew before, on a terminal; elsewhere one picture stands below the other.
    private func show(_ look: () async throws -> StatusDocument) async throws {
        let isTerminal = isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb"
        while true {
            let size = TerminalSize.current
            let picture = StatusPicture(try await look(), width: size.columns)
            if isTerminal, !once {
                let lines = picture.lines.prefix(size.rows - 1)
                // Home, each line to its end, and the rest of the screen: nothing flickers.
                Terminal.print("\u{1B}[H" + lines.map { $0 + "\u{1B}[K" }.joined(separator: "\n") + "\u{1B}[J")
            } else {
                Terminal.print(picture.lines.joined(separator: "\n"))
            }
            if once { return }
            try await Task.sleep(for: .seconds(every))
        }
    }
}
