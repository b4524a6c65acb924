import Foundation
import RenditionCore

/// What there is to look at on this machine, whatever the store.
enum MachineLook {
    /// - Parameter ports: Of this machine alone, at which a server must be able to listen.
    static func checks(_ settings: Settings, ports: [Int]) -> [Check] {
        let status = settings.given(.http).flatMap(HTTPAddress.init)
        let addresses = ports.map { HTTPAddress(host: "127.0.0.1", port: $0) } + [status].compactMap(\.self)
        return [
            Check(.machine, "codecs", limit: .seconds(60), blocking: { try CodecLook.findings() }),
            Check(.machine, "render processes", limit: .seconds(90), blocking: { try SandboxLook.findings(settings) }),
            Check(.machine, "memory", blocking: { MemoryLook.findings(settings) }),
            Check(
                .machine, "temporary files",
                blocking: {
                    let folder = NSTemporaryDirectory()
                    return DiskLook.findings(
                        folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder,
                        "temporary files",
                        .machine)
                }),
            Check(.machine, "fonts", blocking: { FontLook.findings() }),
        ]
            + addresses.map { address in
                Check(.machine, "port \(address.port) of \(address.host)") {
                    PortLook.findings(address, isStatusPage: address == status)
                }
            }
    }
}
