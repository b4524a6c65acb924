/// Suspends photos until the ``AdmissionLedger`` lets them in.
package actor Admission {
    private var ledger: AdmissionLedger
    private var nextID: AdmissionLedger.ID = 0
    private var closed = false
    private var lines: [AdmissionLedger.ID: CheckedContinuation<Bool, Never>] = [:]

    package init(budget: Int) { ledger = AdmissionLedger(budget: budget) }

    /// Runs `body` once a photo of that cost is admitted, and gives the room back when it is done.
    ///
    /// - Parameter cost: Expected memory in bytes.
    /// - Throws: `CancellationError` when cancelled while waiting.
    package func admit<Result: Sendable>(
        cost: Int, _ body: @Sendable (Ticket) async throws -> Result
    ) async throws -> Result {
        let id = nextID
        nextID += 1
        do {
            try await wait(id, cost: cost)
            let result = try await body(Ticket(id: id, admission: self))
            leave(id)
            return result
        } catch {
            leave(id)
            throw error
        }
    }

    /// The right to hold memory.
    package struct Ticket: Sendable {
        fileprivate let id: AdmissionLedger.ID
        fileprivate let admission: Admission

        /// Corrects the cost once it is known, waiting for room where it grew.
        package func resize(to cost: Int) async throws { try await admission.wait(id, cost: cost) }
    }

    /// How many photos of that cost would be admitted now, up to `limit`.
    package func room(for cost: Int, upTo limit: Int) -> Int {
        guard ledger.hasRoom(for: cost) else { return 0 }
        return max(1, min(limit, (ledger.budget - ledger.used) / max(1, cost)))
    }

    /// Turns away all who are not admitted yet, now and later.
    package func close() {
        closed = true
        for id in lines.keys where !ledger.isAdmitted(id) { giveUp(id) }
    }

    fileprivate func wait(_ id: AdmissionLedger.ID, cost: Int) async throws {
        try Task.checkCancellation()
        if closed, !ledger.isAdmitted(id) { throw CancellationError() }
        let admitted = ledger.request(id, cost: cost)
        let others = admitted.filter { $0 != id }
        wake(others)
        if admitted.contains(id) { return }
        let entered = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if Task.isCancelled {
                    continuation.resume(returning: false)
                } else {
                    lines[id] = continuation
                }
            }
        } onCancel: {
            Task { await self.giveUp(id) }
        }
        guard entered else { throw CancellationError() }
    }

    private func leave(_ id: AdmissionLedger.ID) {
        wake(ledger.release(id))
    }

    private func wake(_ ids: [AdmissionLedger.ID]) {
        for id in ids { lines.removeValue(forKey: id)?.resume(returning: true) }
    }

    private func giveUp(_ id: AdmissionLedger.ID) {
        lines.removeValue(forKey: id)?.resume(returning: false)
    }
}
