/// Decides which photos may be in hand at once, by the memory that they are expected to need.
///
/// A value without side effects: each change returns the photos that are admitted by it. A photo is admitted when its
/// cost fits beside those in hand. Photos that were admitted on an estimate and turned out larger ask again and go
/// before new ones. When everything in hand is waiting to grow, or nothing is in hand, the first in line is admitted
/// whatever it costs, so the line always moves.
package struct AdmissionLedger: Sendable {
    /// Names an admission.
    package typealias ID = UInt64

    /// The memory to stay within, in bytes.
    package let budget: Int
    private var held: [ID: Int] = [:]
    private var growing: [(id: ID, cost: Int)] = []
    private var arriving: [(id: ID, cost: Int)] = []

    package init(budget: Int) { self.budget = max(1, budget) }

    /// The memory that admitted photos are expected to need, in bytes.
    package var used: Int { held.values.reduce(0, +) }
    package var admitted: Int { held.count }
    package var waiting: Int { growing.count + arriving.count }

    package func isAdmitted(_ id: ID) -> Bool { held[id] != nil }

    /// Whether a new photo of that cost would be admitted at once.
    package func hasRoom(for cost: Int) -> Bool {
        waiting == 0 && (held.isEmpty || cost <= budget - used)
    }

    /// Asks for admission, or for a new cost of one that is admitted.
    ///
    /// - Returns: All who are admitted now.
    package mutating func request(_ id: ID, cost: Int) -> [ID] {
        let cost = max(0, cost)
        if let before = held[id], cost <= before {
            // Who needs less waits for nobody: others may be waiting for just that.
            held[id] = cost
            return [id] + admit()
        }
        if held[id] != nil { growing.append((id, cost)) } else { arriving.append((id, cost)) }
        return admit()
    }

    /// Ends an admission or leaves the line.
    ///
    /// - Returns: All who are admitted now.
    package mutating func release(_ id: ID) -> [ID] {
        held[id] = nil
        growing.removeAll { $0.id == id }
        arriving.removeAll { $0.id == id }
        return admit()
    }

    private mutating func admit() -> [ID] {
        var result: [ID] = []
        while let next = growing.first ?? arriving.first {
            let others = used - (held[next.id] ?? 0)
            let nothingMoves = held.count == growing.count
            // Compared by subtraction: a hostile header can declare a cost near the largest integer.
            guard next.cost <= budget - others || nothingMoves else { break }
            held[next.id] = min(next.cost, .max / 4096)
            if growing.isEmpty { arriving.removeFirst() } else { growing.removeFirst() }
            result.append(next.id)
        }
        return result
    }
}
