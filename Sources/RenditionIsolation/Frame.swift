import Foundation
import Glibc

/// What goes over the socket between a worker and its render process: five numbers a message. All that they count stands in
/// the shared files.
struct Frame: Sendable, Hashable {
    enum Kind: Int64 {
        /// The child is ready: `first` are the sandbox's parts as bits.
        case hello = 1
        /// The parent's orders: `first` bytes of original stand in the input, then `second` of logo, then `third` of orders.
        case probe, render
        /// The child's answers: `first` bytes of files stand in the output, then `second` of description; `third` is the
        /// memory that it holds.
        case done, failed
    }

    var kind: Kind
    var first: Int
    var second: Int
    var third: Int

    init(_ kind: Kind, _ first: Int = 0, _ second: Int = 0, _ third: Int = 0) {
        self.kind = kind
        self.first = first
        self.second = second
        self.third = third
    }

    private static let length = 5 * MemoryLayout<Int64>.size
    /// Tells frames of another version apart, should a child be of another build.
    private static let magic: Int64 = 0x7265_6e64_0001

    /// - Throws: ``SystemFailure`` where the other side is gone.
    func send(to socket: Int32) throws {
        let words = [Self.magic, kind.rawValue, Int64(first), Int64(second), Int64(third)]
        let sent = words.withUnsafeBytes { bytes in
            Frame.retrying { Glibc.send(socket, bytes.baseAddress, bytes.count, Int32(MSG_NOSIGNAL)) }
        }
        guard sent == Self.length else { throw SystemFailure("send") }
    }

    /// Waits for a message.
    ///
    /// - Parameter end: When to stop waiting; nil for never.
    /// - Returns: nil where the other side is gone.
    /// - Throws: ``SystemFailure``; with `ETIMEDOUT` where none came, with `EPROTO` for what is none.
    static func receive(from socket: Int32, until end: ContinuousClock.Instant? = nil) throws -> Frame? {
        if let end {
            var file = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
            while true {
                let left = end - .now
                guard left > .zero else { throw SystemFailure("poll", code: ETIMEDOUT) }
                let (seconds, attoseconds) = left.components
                let ready = poll(&file, 1, Int32(clamping: seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
                if ready > 0 { break }
                if ready < 0, errno != EINTR { throw SystemFailure("poll") }
            }
        }
        var words = [Int64](repeating: 0, count: 5)
        let count = words.withUnsafeMutableBytes { bytes in retrying { recv(socket, bytes.baseAddress, bytes.count, 0) }
        }
        if count == 0 || (count < 0 && errno == ECONNRESET) { return nil }
        guard count >= 0 else { throw SystemFailure("recv") }
        guard count == length, words[0] == magic, let kind = Kind(rawValue: words[1]),
            words[2...].allSatisfy({ $0 >= 0 })
        else { throw SystemFailure("recv", code: EPROTO) }
        return Frame(kind, Int(words[2]), Int(words[3]), Int(words[4]))
    }

    private static func retrying(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }
}
