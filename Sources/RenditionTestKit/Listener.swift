import Foundation
import Glibc

/// Listens on a port of this machine and answers nobody, to see whether anybody calls.
package final class Listener: Sendable {
    package let port: Int
    private let socket: Int32

    package init() throws {
        let (made, number) = try Self.open()
        socket = made
        port = number
    }

    deinit { close(socket) }

    private static func open() throws -> (Int32, Int) {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isOpen = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, length) == 0 && listen(socket, 128) == 0 && getsockname(socket, $0, &length) == 0
            }
        }
        guard isOpen else { throw CocoaError(.fileReadUnknown) }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    /// Takes the calls that have come since it was asked last. The kernel keeps them whether or not somebody waits.
    package func calls() -> Int {
        var count = 0
        while true {
            let call = accept(socket, nil, nil)
            if call < 0 { return count }
            close(call)
            count += 1
        }
    }
}
