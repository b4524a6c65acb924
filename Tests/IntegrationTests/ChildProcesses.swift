import Foundation
import RenditionIsolation
import RenditionTestKit

/// The processes that a process has started.
func childProcesses(of process: Int32) async throws -> [Int32] {
    let list = try await Command.run("/usr/bin/pgrep", ["-P", "\(process)"])
    return list.output.split(separator: "\n").compactMap { Int32($0) }
}

/// Waits until a worker's process renders, and halts it, so that its photo stays in hand. A worker starts other programs too.
///
/// - Returns: the process, which goes on at SIGCONT.
func haltedRenderer(of worker: Int32) async throws -> Int32 {
    var renderer: Int32?
    try await eventually("a process renders the photo") {
        renderer = try await childProcesses(of: worker).first { child in
            let arguments = (try? String(contentsOfFile: "/proc/\(child)/cmdline", encoding: .utf8)) ?? ""
            return arguments.split(separator: "\0").contains(Substring(RenderChild.verb))
        }
        return renderer != nil
    }
    guard let renderer else { throw NeverSo(what: "a process renders the photo") }
    kill(renderer, SIGSTOP)
    return renderer
}
