import Foundation
import RenditionCore

/// Whether a server could listen at an address, and who does where it can't.
enum PortLook {
    /// - Parameters:
    ///   - address: Of this machine; its port 0 is any that is free, which there always is.
    ///   - isStatusPage: Whether a worker serves there, which may be running already.
    static func findings(_ address: HTTPAddress, isStatusPage: Bool = false) -> [Finding] {
        let (host, port) = (address.host, address.port)
        let subject = "port \(port) of \(host)"
        func bad(_ text: String, _ remedy: String) -> [Finding] {
            [Finding(.machine, .bad, subject, text, remedy: remedy)]
        }
        switch refusal(host, port) {
        case nil: return [Finding(.machine, .good, subject, "is free")]
        case .some(.code(EADDRINUSE)):
            let holders = Listeners.holders(of: port)
            if isStatusPage, holders.count == 1, holders[0].hasPrefix("renditions (") {
                return [
                    Finding(
                        .machine, .warning, subject, "\(holders[0]) serves there",
                        remedy:
                            "That is as it should be, unless a further worker is to start: give that one another port.")
                ]
            }
            return bad(
                "is taken by \(Listeners.names(of: port))",
                "End that process, or choose another port."
                    + (holders.isEmpty ? " As root, this command names it." : ""))
        case .some(.code(EACCES)):
            return bad(
                "this user may not listen there",
                "Choose a port from 1024 on, or give the program CAP_NET_BIND_SERVICE.")
        case .some(.code(EADDRNOTAVAIL)):
            return bad("it is no address of this machine", "Name one of its own, 127.0.0.1, or 0.0.0.0 for all.")
        case .some(.code(let code)): return bad(String(cString: strerror(code)), "Choose another address or port.")
        case .some(.name(let text)): return bad("\(host) isn't known here: \(text)", "Name an address of this machine.")
        }
    }

    /// Why a server can't listen.
    private enum Refusal {
        case code(Int32)
        case name(String)
    }

    /// Tries it, as servers do: what closed connections leave behind is in nobody's way.
    private static func refusal(_ host: String, _ port: Int) -> Refusal? {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &found)
        guard status == 0, let first = found?.pointee else { return .name(String(cString: gai_strerror(status))) }
        defer { freeaddrinfo(found) }
        let descriptor = socket(first.ai_family, first.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), first.ai_protocol)
        guard descriptor >= 0 else { return .code(errno) }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, first.ai_addr, first.ai_addrlen) == 0, listen(descriptor, 1) == 0 else {
            return .code(errno)
        }
        return nil
    }
}

/// Who listens on this machine, by the kernel's own tables.
///
/// Source: proc(5), /proc/net/tcp and /proc/pid/fd.
enum Listeners {
    /// The processes that listen on a port, such as `python3 (4711)`; none where they are another user's.
    static func holders(of port: Int, proc: String = "/proc") -> [String] {
        let sockets = inodes(of: port, proc).map { "socket:[\($0)]" }
        guard !sockets.isEmpty else { return [] }
        let processes = ((try? FileManager.default.contentsOfDirectory(atPath: proc)) ?? []).compactMap { Int($0) }
        return processes.sorted().filter { process in
            let folder = "\(proc)/\(process)/fd"
            return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).contains { name in
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"))
                    .map(sockets.contains) == true
            }
        }.map { process in
            let name = try? String(contentsOfFile: "\(proc)/\(process)/comm", encoding: .utf8)
            return "\((name ?? "process").trimmingCharacters(in: .whitespacesAndNewlines).printable) (\(process))"
        }
    }

    /// The same for a sentence.
    static func names(of port: Int) -> String {
        let holders = holders(of: port)
        return holders.isEmpty ? "a process that is not visible to you" : holders.joined(separator: ", ")
    }

    /// Whether anybody listens on a port of either family, on any address, another user's process included.
    static func isTaken(_ port: Int, proc: String = "/proc") -> Bool { !inodes(of: port, proc).isEmpty }

    private static func inodes(of port: Int, _ proc: String) -> Set<String> {
        Set(
            ["tcp", "tcp6"].flatMap { table in
                inodes(of: port, in: (try? String(contentsOfFile: "\(proc)/net/\(table)", encoding: .utf8)) ?? "")
            })
    }

    /// The inodes of the sockets that listen on a port.
    ///
    /// - Parameter table: The text of /proc/net/tcp or tcp6.
    static func inodes(of port: Int, in table: String) -> [String] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let columns = line.split(separator: " ", omittingEmptySubsequences: true)
            // 0A is the state of who listens; the address before the colon is in hexadecimal, as is the port.
            guard columns.count > 9, columns[3] == "0A",
                columns[1].split(separator: ":").last.flatMap({ Int($0, radix: 16) }) == port
            else { return nil }
            return String(columns[9])
        }
    }
}
