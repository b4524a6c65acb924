import Foundation
import Logging
import ServiceLifecycle
import UnixSignals

/// Runs a service until it ends or a signal asks it to.
enum SignalledGroup {
    /// The first SIGTERM or SIGINT begins a graceful shutdown, the second ends the process at once. The end
    /// of a terminal is never the second one: its shell and the kernel both tell of it.
    ///
    /// - Parameters:
    ///   - companion: Runs beside the service and ends after it; where it fails, the service is asked to end.
    ///   - terminal: The one whose end is as good as a SIGTERM; nil leaves SIGHUP to the system, which ends the process.
    ///   - onHangup: Called at each SIGHUP otherwise.
    static func run(
        _ service: any Service, beside companion: (any Service)? = nil, logger: Logger,
        terminal: ControllingTerminal? = nil, onHangup: @escaping @Sendable () -> Void = {}
    ) async throws {
        // A reader that goes away must not take the service along.
        signal(SIGPIPE, SIG_IGN)
        // They are shut down in reverse order.
        let companions = companion.map {
            [
                ServiceGroupConfiguration.ServiceConfiguration(
                    service: $0, failureTerminationBehavior: .gracefullyShutdownGroup)
            ]
        }
        let member = ServiceGroupConfiguration.ServiceConfiguration(
            service: service, successTerminationBehavior: .gracefullyShutdownGroup)
        let quiet = Logger(label: "service") { _ in SwiftLogNoOpLogHandler() }
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(services: (companions ?? []) + [member], logger: quiet))
        let signals = await UnixSignalsSequence(
            trapping: [.sigterm, .sigint] + (terminal == nil ? [] : [.sighup]))
        let listener = Task {
            var count = 0
            for await signal in signals {
                if signal == .sighup {
                    if terminal?.isGone != true { onHangup() }
                    if terminal?.isGone != true || count > 0 { continue }
                }
                count += 1
                if count > 1 {
                    logger.notice("\(signal) again: ending at once.")
                    _exit(128 + signal.rawValue)
                }
                logger.notice("\(signal): finishing what is in hand; once more ends at once.")
                await group.triggerGracefulShutdown()
            }
        }
        defer { listener.cancel() }
        try await group.run()
    }
}
