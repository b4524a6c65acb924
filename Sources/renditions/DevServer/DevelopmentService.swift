import Hummingbird
import Logging
import ServiceLifecycle

/// A server for development: it says where it is, and that it is for nothing else.
enum DevelopmentService {
    /// - Parameter name: What it is, to begin a sentence with.
    static func serving(
        _ router: Router<BasicRequestContext>, at address: HTTPAddress, as name: String, logger: Logger
    ) -> any Service {
        let quiet = Logger(label: "http") { _ in SwiftLogNoOpLogHandler() }
        let application = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname(address.host, port: address.port)),
            onServerRunning: { channel in
                let bound = channel.localAddress?.port ?? address.port
                logger.notice("\(name), for development only, is on \(address.url(port: bound))")
            }, logger: quiet)
        return ToldServer(server: EndingServer(server: application, end: EndSignal()), address: address)
    }
}

/// A server that says why it can't listen where it was told to.
private struct ToldServer: Service {
    let server: any Service
    let address: HTTPAddress

    func run() async throws { try await HTTPFault.told(address) { try await server.run() } }
}
