import Crypto

/// A class of work. Earlier classes go first.
package enum LaneClass: String, Sendable, Codable, CodingKeyRepresentable, CaseIterable {
    /// Work that has waited once already: recovered from a lost worker, or released by one that shut down.
    case expedite
    /// Fresh uploads.
    case fresh
    /// Batch re-renders.
    case batch
}

/// The numbered lanes of the queue's `due` index.
///
/// | number | lane |
/// |---|---|
/// | 0–3 | expedite |
/// | 1000–1015 | fresh uploads |
/// | 2000–2015 | batch re-render |
/// | 5000–5007 | leased: due when the lease expires |
/// | 8000 | no work: the office of the worker that keeps house, due when it falls free |
/// | 8100–8115 | no work: galleries' mails, due after a silence |
/// | 9000–9015 | dead letters |
///
/// A gallery owns 4 of the 16 shards and a photo's hash picks one, so that a large gallery doesn't stand in the way of
/// the others.
package enum Lane {
    package static let shards = 16
    package static let expedite = 0..<4
    package static let fresh = 1000..<(1000 + shards)
    package static let batch = 2000..<(2000 + shards)
    package static let leased = 5000..<5008
    package static let office = 8000
    package static let mail = 8100..<(8100 + shards)
    package static let dead = 9000..<(9000 + shards)

    /// The shard of a photo, 0–15. It depends on nothing but the ids, so every process computes the same.
    package static func shard(galleryID: String, photoID: String) -> Int {
        let first = hash(galleryID) % UInt64(shards)
        let step = hash(photoID) % 4
        // Odd multiples of the step spread a gallery's four shards over the sixteen.
        return Int((first + step * 5) % UInt64(shards))
    }

    package static func number(_ lane: LaneClass, shard: Int) -> Int {
        switch lane {
        case .expedite: expedite.lowerBound + shard % expedite.count
        case .fresh: fresh.lowerBound + shard
        case .batch: batch.lowerBound + shard
        }
    }

    /// The class of a lane in which photos wait; nil for every other number.
    package static func waitingClass(of number: Int) -> LaneClass? {
        if expedite.contains(number) { return .expedite }
        if fresh.contains(number) { return .fresh }
        return batch.contains(number) ? .batch : nil
    }

    package static func leased(shard: Int) -> Int { leased.lowerBound + shard % leased.count }

    package static func mail(galleryID: String) -> Int { mail.lowerBound + Int(hash(galleryID) % UInt64(shards)) }

    package static func dead(shard: Int) -> Int { dead.lowerBound + shard }

    /// The lanes of one poll in the order in which to look: expedite, fresh, batch; one poll in eight ignores that
    /// order, so that no class starves. Within a class the start is random.
    package static func pollOrder(using random: inout some RandomNumberGenerator) -> [Int] {
        let classes = [Array(expedite), Array(fresh), Array(batch)].map { rotated($0, using: &random) }
        guard Int.random(in: 0..<8, using: &random) == 0 else { return classes.flatMap { $0 } }
        return classes.flatMap { $0 }.shuffled(using: &random)
    }

    private static func rotated(_ lanes: [Int], using random: inout some RandomNumberGenerator) -> [Int] {
        let start = Int.random(in: 0..<lanes.count, using: &random)
        return Array(lanes[start...] + lanes[..<start])
    }

    /// The first eight bytes of SHA-256: `Hasher` is seeded anew in each process.
    private static func hash(_ text: String) -> UInt64 {
        SHA256.hash(data: Array(text.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
