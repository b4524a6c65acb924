import Foundation

/// Ports of the loopback interface.
package enum FreePort {
    /// Ports that nobody listens on, all different.
    ///
    /// Another process may take one before it is used, so whoever starts a server on one has to try again then.
    package static func choose(_ count: Int) throws -> [Int] {
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        // Each is held until all are chosen.
        return try (0..<count).map { _ in
            let (socket, port) = try bound(to: 0)
            sockets.append(socket)
            return port
        }
    }

    /// Whether a server could start on a port now.
    package static func isFree(_ port: Int) -> Bool {
        guard let (socket, _) = try? bound(to: port) else { return false }
        close(socket)
        return true
    }

    private static func bound(to port: Int) throws -> (socket: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        // What closed connections leave behind is in no server's way, and shouldn't be here.
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
            }
        }
        guard status == 0 else {
            close(descriptor)
            throw ServerFault("port \(port) can't be bound")
        }
        return (descriptor, Int(in_port_t(bigEndian: address.sin_port)))
    }
}
