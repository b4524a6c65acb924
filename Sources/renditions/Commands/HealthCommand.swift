import ArgumentParser
import RenditionAWS

struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Asks a running worker or server whether it is well; exit code 0 if it is, 1 if not.",
        discussion: """
            For health checks where no other program can ask, such as in a container. Without an address it asks the worker \
            that listens where RENDITIONS_HTTP says, on this machine. --ready asks whether photos are taken, too. \
            Exit codes 64 and 78 mean that nobody could be asked: the address or the settings are wrong.

              renditions health
              renditions health --ready http://localhost:9090
            """)

    @Argument(help: "The address of a worker or server, such as http://localhost:9090.")
    var url: String?

    @Flag(help: "Ask /ready in place of /health.")
    var ready = false

    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        if let url, Endpoint(url) == nil {
            throw ValidationError("\(url) is no address of a server; it is such as http://localhost:9090.")
        }
    }

    func run() async throws {
        try await Terminal.guarded {
            let question = HealthQuestion(try endpoint(), path: ready ? "/ready" : "/health")
            let transport = HTTPTransport()
            let answer = await question.ask(transport)
            await transport.close()
            guard answer.isWell else {
                Terminal.complain(answer.text)
                throw Terminal.Status.incomplete
            }
            Terminal.print(answer.text)
        }
    }

    private func endpoint() throws -> Endpoint {
        if let endpoint = url.flatMap(Endpoint.init) { return endpoint }
        let settings = try Settings.load([.config: configOptions.file])
        guard let address = settings.given(.http).flatMap(HTTPAddress.init), address.port > 0 else {
            throw SettingError(
                "RENDITIONS_HTTP names no port, so there is nobody to ask; set it, or name an address: "
                    + "renditions health http://localhost:9090.")
        }
        // By its address: nothing needs to know this machine's names for that.
        let host =
            switch address.host {
            case "0.0.0.0", "localhost": "127.0.0.1"
            case "::": "[::1]"
            case let host: host.contains(":") ? "[\(host)]" : host
            }
        return Endpoint(scheme: .http, host: host, port: address.port)
    }
}
