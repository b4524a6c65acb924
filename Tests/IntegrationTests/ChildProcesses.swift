import RenditionTestKit

/// The processes that a process has started.
func childProcesses(of process: Int32) async throws -> [Int32] {
    let list = try await Command.run("/usr/bin/pgrep", ["-P", "\(process)"])
    return list.output.split(separator: "\n").compactMap { Int32($0) }
}
