import CMalloc
import Foundation

/// What the process asks of glibc's allocator.
enum Allocator {
    /// Blocks from this size on get memory of their own, which goes back to the system as soon as they are freed.
    ///
    /// glibc starts with 128 KiB and raises that with each large block that is freed, up to 32 MiB; from then on rows, strips
    /// and whole pictures lie among small blocks in the arenas of a dozen threads, and what is free between them stays with
    /// the process: three times as much as it needs. Fetching memory anew costs a photo about 6 % of its CPU time.
    private static let ownMemory: Int32 = 256 << 10

    /// Called once, before anything else. What the environment says counts instead.
    static func prepare() {
        let environment = ProcessInfo.processInfo.environment
        let tunables = environment["GLIBC_TUNABLES"] ?? ""
        guard environment["MALLOC_MMAP_THRESHOLD_"] == nil, !tunables.contains("glibc.malloc.mmap_threshold") else {
            return
        }
        mallopt(M_MMAP_THRESHOLD, ownMemory)
    }
}
