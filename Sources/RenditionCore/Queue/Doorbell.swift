import Crypto
import Dispatch
import Foundation
import Synchronization

/// Wakes the workers of one store on this machine: whoever queues a photo rings, and idle workers look at once.
///
/// It is no more than a hint, so nobody waits for it and nothing depends on it. Workers listen on datagram sockets in
/// Linux's abstract namespace, which need no folder, leave nothing behind when a process dies, and end at a container's
/// network. Anyone on the machine may ring: it makes a worker look, at most ten times a second. Any thread may use it.
package struct Doorbell: Sendable {
    private let name: String

    /// Workers of one store on one machine that can listen; further ones go on looking by themselves.
    private static let places = 64

    /// - Parameter store: What names the store, the same in every process that uses it.
    package init(store: String) {
        let hash = SHA256.hash(data: Array(store.utf8)).prefix(12)
        name = "galerly-renditions/" + hash.map { String(format: "%02x", $0) }.joined()
    }

    /// Wakes all who listen. It never waits.
    package func ring() {
        let socket = Self.makeSocket()
        guard socket >= 0 else { return }
        defer { close(socket) }
        for place in 0..<Self.places {
            Self.withAddress("\(name)/\(place)") { address, length in
                _ = sendto(socket, "!", 1, Int32(MSG_DONTWAIT), address, length)
            }
        }
    }

    /// Calls the body when somebody rings, from a thread of its own, until the listener is gone.
    ///
    /// - Returns: nil where no place is free, or the system allows none.
    package func listen(_ body: @escaping @Sendable () -> Void) -> Listener? {
        let socket = Self.makeSocket()
        guard socket >= 0 else { return nil }
        for place in 0..<Self.places {
            let isMine = Self.withAddress("\(name)/\(place)") { address, length in bind(socket, address, length) == 0 }
            if isMine { return Listener(socket, body) }
            guard errno == EADDRINUSE else { break }
        }
        close(socket)
        return nil
    }

    /// Listens for as long as it is kept.
    package final class Listener: Sendable {
        private let source: Mutex<any DispatchSourceRead>

        init(_ socket: Int32, _ body: @escaping @Sendable () -> Void) {
            let queue = DispatchQueue(label: "renditions.doorbell")
            let made = DispatchSource.makeReadSource(fileDescriptor: socket, queue: queue)
            made.setEventHandler {
                var byte: UInt8 = 0
                // So many and no more: anybody on this machine may ring.
                for _ in 0..<64 where recv(socket, &byte, 1, Int32(MSG_DONTWAIT)) < 0 { break }
                body()
                // What is rung meanwhile waits in the socket and is answered once.
                Thread.sleep(forTimeInterval: 0.1)
            }
            made.setCancelHandler { close(socket) }
            made.resume()
            source = Mutex(made)
        }

        deinit { source.withLock { $0.cancel() } }
    }

    private static func makeSocket() -> Int32 {
        socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    }

    /// An address whose first byte is zero belongs to no file system.
    private static func withAddress<Result>(
        _ name: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0[1...].copyBytes(from: name.utf8.prefix($0.count - 1)) }
        let length = MemoryLayout<sa_family_t>.size + 1 + name.utf8.count
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(length)) }
        }
    }
}
