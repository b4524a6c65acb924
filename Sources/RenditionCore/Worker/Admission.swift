/// Suspends photos until the ``AdmissionLedger`` lets them in.
package actor Admission {
    private var ledger: AdmissionLedger
    private var nextID: AdmissionLedger.ID = 0
    private var closed = false
    private var lines: [AdmissionLedger.ID: CheckedContinuation<Bool, Never>] = [:]

    package init(budget: Int) { ledger = AdmissionLedger(budget: budget) }

    /// Takes a place in the line at once, without waiting, so that the next look at the room counts it.
    ///
    /// - Parameter cost: Expected memory in bytes; .max for a photo that is to be alone.
    package func reserve(cost: Int) -> Ticket {
        let id = nextID
        nextID += 1
        wake(ledger.request(id, cost: cost))
        return Ticket(id: id, admission: self)
    }

    /// A place in the line, and later the right to hold memory. ``leave()`` gives it back, wherever the photo is.
    package struct Ticket: Sendable {
        fileprivate let id: AdmissionLedger.ID
        fileprivate let admission: Admission

        /// Waits for admission.
        ///
        /// - Throws: `CancellationError` when cancelled while waiting, or when the line is closed.
        package func enter() async throws { try await admission.enter(id) }

        /// Corrects the cost once it is known better, waiting for room where it grew.
        ///
        /// - Throws: `CancellationError` when cancelled while waiting.
        package func resize(to cost: Int) async throws { try await admission.resize(id, to: cost) }

        package func leave() async { await admission.leave(id) }
    }

    /// Runs `body` once a photo of that cost is admitted, and gives the room back when it is done.
    ///
    /// - Throws: `CancellationError` when cancelled while waiting; what the body throws.
    package func admit<Result: Sendable>(
        cost: Int, _ body: @Sendable (Ticket) async throws -> Result
    ) async throws -> Result {
        let ticket = reserve(cost: cost)
        do {
            try await enter(ticket.id)
            let result = try await body(ticket)
            leave(ticket.id)
            return result
        } catch {
            leave(ticket.id)
            throw error
        }
    }

    /// How many photos of that cost would be admitted now, up to `limit`.
    package func room(for cost: Int, upTo limit: Int) -> Int {
        guard ledger.hasRoom(for: cost) else { return 0 }
        return max(1, min(limit, (ledger.budget - ledger.used) / max(1, cost)))
    }

    /// Turns away all who have not entered yet, now and later.
    package func close() {
        closed = true
        for id in lines.keys where !ledger.isAdmitted(id) { giveUp(id) }
    }

    fileprivate func enter(_ id: AdmissionLedger.ID) async throws {
        try Task.checkCancellation()
        if closed { throw CancellationError() }
        if !ledger.isAdmitted(id) { try await wait(id) }
    }

    fileprivate func resize(_ id: AdmissionLedger.ID, to cost: Int) async throws {
        try Task.checkCancellation()
        let admitted = ledger.request(id, cost: cost)
        wake(admitted.filter { $0 != id })
        if !admitted.contains(id) { try await wait(id) }
    }

    private func wait(_ id: AdmissionLedger.ID) async throws {
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

    fileprivate func leave(_ id: AdmissionLedger.ID) {
        wake(ledger.release(id))
    }

    private func wake(_ ids: [AdmissionLedger.ID]) {
        for id in ids { lines.removeValue(forKey: id)?.resume(returning: true) }
    }

    private func giveUp(_ id: AdmissionLedger.ID) {
        lines.removeValue(forKey: id)?.resume(returning: false)
    }
}
