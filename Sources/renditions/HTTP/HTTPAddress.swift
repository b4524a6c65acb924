import Foundation

/// Where to listen: a host's name or address, and a port.
struct HTTPAddress: Sendable, Hashable {
    /// Without brackets.
    var host: String
    /// 0 for any that is free.
    var port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `127.0.0.1:9090`, `[::1]:9090`, `0.0.0.0:9090`, and a port alone, which is this machine's own.
    init?(_ text: String) {
        if let port = Int(text) {
            host = "127.0.0.1"
            self.port = port
        } else {
            guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]) else {
                return nil
            }
            var host = text[..<colon]
            if host.hasPrefix("["), host.hasSuffix("]") {
                host = host.dropFirst().dropLast()
            } else if host.contains(":") {
                return nil
            }
            guard !host.isEmpty, !host.contains(where: { "/@ []".contains($0) }) else { return nil }
            self.host = String(host)
            self.port = port
        }
        guard (0...65535).contains(port) else { return nil }
    }

    /// Whether only this machine can reach it.
    var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        // A name that only begins so is somebody's.
        var address = in_addr()
        return inet_pton(AF_INET, host, &address) == 1 && UInt32(bigEndian: address.s_addr) >> 24 == 127
    }

    /// The address for a browser on this machine.
    func url(port bound: Int) -> String {
        let shown = host == "0.0.0.0" || host == "::" || host == "127.0.0.1" ? "localhost" : host
        return "http://\(shown.contains(":") ? "[\(shown)]" : shown):\(bound)"
    }
}
