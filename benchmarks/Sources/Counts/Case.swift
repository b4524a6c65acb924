import CCounters

/// One thing that is counted.
struct Case {
    let name: String
    /// How often it is done where others are done once.
    private let often: Int
    private let body: () throws -> Void

    init(_ name: String, often: Int = 10, _ body: @escaping () throws -> Void) {
        self.name = name
        self.often = often
        self.body = body
    }

    /// What one time takes, after the first, which also pays for what is made only once. The least of several times: other
    /// threads may allocate for their own sake, but never less than the work needs.
    func count(times: Int) throws -> (blocks: UInt64, bytes: UInt64) {
        try body()
        var least = (blocks: UInt64.max, bytes: UInt64.max)
        for _ in 0..<(times * often) {
            instructions_mark("between")
            let before = (blocks: allocations_blocks(), bytes: allocations_bytes())
            try body()
            let after = (blocks: allocations_blocks(), bytes: allocations_bytes())
            instructions_mark(name)
            least = (min(least.blocks, after.blocks - before.blocks), min(least.bytes, after.bytes - before.bytes))
        }
        return least
    }
}
