import Foundation
import RenditionCore

/// Whether the memory that the settings allow is there: the machine's, or what the control groups leave of it.
enum MemoryLook {
    private static let subject = "memory"

    /// What a process holds beside pixels, in bytes: libraries, buffers, and what its allocator keeps.
    private static let overhead = 128 << 20

    static func findings(_ settings: Settings) -> [Finding] {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        return findings(
            physical: physical, group: ControlGroups.memoryLimit(), threads: settings.integer(.threads),
            budget: settings.memoryBudget, renderMemory: settings.integer(.renderMemory) << 20)
    }

    /// - Parameters:
    ///   - physical: The machine's, in bytes.
    ///   - group: What control groups allow, in bytes; nil for all.
    ///   - threads: Photos rendered at once.
    ///   - budget: What pixels in hand may be expected to take, in bytes.
    ///   - renderMemory: The most that one render process may take, in bytes.
    static func findings(physical: Int, group: Int?, threads: Int, budget: Int, renderMemory: Int) -> [Finding] {
        let limit = min(physical, group ?? physical)
        let place = limit < physical ? "the control group allows \(mib(limit))" : "this machine has \(mib(limit))"
        let need = budget + overhead * (threads + 1)
        let settings = "RENDITIONS_MEMORY_MB \(budget >> 20), RENDITIONS_THREADS \(threads)"
        guard need <= limit else {
            return [
                Finding(
                    .machine, .bad, subject, "\(place), and everyday's photos may take \(mib(need)) (\(settings))",
                    remedy: "Lower RENDITIONS_MEMORY_MB or RENDITIONS_THREADS, or give it more.")
            ]
        }
        let worst = renderMemory * threads
        guard worst <= limit else {
            return [
                Finding(
                    .machine, .warning, subject,
                    "\(place): enough for everyday's photos (\(mib(need))), and less than \(threads) render processes may "
                        + "take at most (\(mib(worst)))",
                    remedy: "Where hostile originals are to be expected, lower RENDITIONS_RENDER_MEMORY_MB, which is "
                        + "\(renderMemory >> 20), or the kernel chooses what to end.")
            ]
        }
        return [Finding(.machine, .good, subject, "\(place); photos in hand may take \(mib(need)) (\(settings))")]
    }

    private static func mib(_ bytes: Int) -> String { "\(bytes >> 20) MiB" }
}

/// The control groups of this process, of both versions.
///
/// Source: Linux's Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
enum ControlGroups {
    /// The least of the limits on the way to the root, in bytes; nil where there is none.
    static func memoryLimit(root: String = "/sys/fs/cgroup", membership: String = "/proc/self/cgroup") -> Int? {
        let lines = (text(membership) ?? "").split(separator: "\n")
        return lines.flatMap { line -> [Int] in
            // "0::/a/b" of version 2, "4:memory:/a/b" of version 1.
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 3 else { return [] }
            if parts[1].isEmpty { return limits(root, parts[2], "memory.max") }
            guard parts[1].split(separator: ",").contains("memory") else { return [] }
            return limits("\(root)/memory", parts[2], "memory.limit_in_bytes")
        }.min()
    }

    private static func limits(_ root: String, _ group: String, _ file: String) -> [Int] {
        // Inside a container a group's path may be the host's, and its own root is what is mounted.
        var found: [Int] = []
        var path = group == "/" ? "" : group
        while true {
            // Without a limit the one says "max" and the other something beyond every machine.
            if let limit = text("\(root)\(path)/\(file)").flatMap(Int.init), limit < 1 << 60 { found.append(limit) }
            if path.isEmpty { return found }
            path = PathName.folder(path)
        }
    }

    private static func text(_ path: String) -> String? {
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
