import CMalloc
import Foundation

/// What the process asks of glibc's allocator.
enum Allocator {
    /// One arena for all threads, in which large blocks stand too.
    ///
    /// By default each of a dozen threads has an arena of its own, whose free memory stays with the process: more than twice as
    /// much as with one. Memory of their own for all larger blocks would cure that as well, but fetching it anew costs each
    /// photo a tenth of its CPU time.
    private static let settings: [(parameter: Int32, value: Int32, variable: String, tunable: String)] = [
        (M_ARENA_MAX, 1, "MALLOC_ARENA_MAX", "glibc.malloc.arena_max"),
        // The most that glibc takes; beyond it a block has memory of its own.
        (M_MMAP_THRESHOLD, 32 << 20, "MALLOC_MMAP_THRESHOLD_", "glibc.malloc.mmap_threshold"),
    ]

    /// What the arena's end may keep between two photos, in bytes. With less of it two threads that give memory back and fetch
    /// it anew stand in each other's way; a render process has only one that does.
    private static func kept(rendersAlone: Bool) -> Int32 { rendersAlone ? 128 << 20 : 256 << 20 }

    /// Called once, before anything else. What the environment says counts instead.
    ///
    /// - Parameter rendersAlone: Whether this process renders one photo at a time and does nothing else.
    static func prepare(rendersAlone: Bool) {
        let environment = ProcessInfo.processInfo.environment
        let tunables = environment["GLIBC_TUNABLES"] ?? ""
        let trim = (
            M_TRIM_THRESHOLD, kept(rendersAlone: rendersAlone), "MALLOC_TRIM_THRESHOLD_", "glibc.malloc.trim_threshold"
        )
        for setting in settings + [trim]
        where environment[setting.variable] == nil && !tunables.contains(setting.tunable) {
            mallopt(setting.parameter, setting.value)
        }
    }
}
