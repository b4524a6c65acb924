import Foundation
import RenditionCore

/// How rows that are due come into a worker's hands.
extension DynamoQueue {
    package func claim(upTo limit: Int, owner: String, lease: Duration) async throws -> [Lease] {
        var leases = try await unheardClaims(upTo: limit, lease)
        if leases.count == limit || leases.contains(where: \.wasClaimedBefore) { return leases }
        do {
            try await claimDue(upTo: limit, owner, lease, into: &leases)
        } catch {
            // What was claimed is mine to work on, whatever failed after it.
            if leases.isEmpty { throw error }
        }
        return leases
    }

    package func claim(_ photoID: String, owner: String, lease: Duration) async throws -> Lease? {
        search.note(lease: lease)
        guard let row = try await row(photoID), row.isQueued else { return nil }
        return try await take(row, owner, lease)
    }

    private func claimDue(
        upTo limit: Int, _ owner: String, _ lease: Duration, into leases: inout [Lease]
    ) async throws {
        search.note(lease: lease)
        var left = try await store { try await search.takeLeft(atLeast: limit) }
        // Where others won all, another look enters the lanes elsewhere.
        for _ in 0..<3 {
            let isFresh = left == nil
            var found = left
            if found == nil { found = try await store { try await search.candidates(upTo: limit) } }
            guard let found else { return }
            let isContended = try await claim(from: found, upTo: limit, owner, lease, into: &leases)
            if !leases.isEmpty || (isFresh && !isContended) { return }
            left = nil
        }
    }

    /// Claims what was found, in its order, and keeps the rest for the next claim.
    ///
    /// - Returns: whether it was given up because others were at the same rows.
    private func claim(
        from found: DueSearch.Found, upTo limit: Int, _ owner: String, _ lease: Duration, into leases: inout [Lease]
    ) async throws -> Bool {
        var found = found
        var rest = found.rows[...]
        defer {
            found.rows = Array(rest)
            if found.losses > 0, found.isKept { search.keep(found) }
        }
        while leases.count < limit, found.losses > 0, let next = rest.first {
            // What was claimed before is handed out alone.
            if next.attempts > 0 {
                rest = rest.dropFirst()
                guard leases.isEmpty else { continue }
                if let mine = try await take(next, owner, lease) {
                    leases = [mine]
                    return false
                }
                found.losses -= 1
            } else {
                let batch = rest.prefix { $0.attempts == 0 }.prefix(limit - leases.count)
                rest = rest.dropFirst(batch.count)
                let mine = try await ConcurrentClaims.leases(Array(batch)) { try await take($0, owner, lease) }
                leases += mine
                found.losses -= batch.count - mine.count
            }
        }
        return found.losses <= 0
    }

    /// Claims of mine that happened although no reply came: the outage that kept the reply away costs no attempt.
    private func unheardClaims(upTo limit: Int, _ duration: Duration) async throws -> [Lease] {
        var leases: [Lease] = []
        for (id, token) in unclear.claims {
            // One that was claimed before goes out alone, as ever.
            guard leases.count < limit, !leases.contains(where: \.wasClaimedBefore) else { break }
            do {
                let mine = try await row(id).flatMap { $0.token == token ? $0.lease : nil }
                if mine?.wasClaimedBefore == true, !leases.isEmpty { break }
                if let mine, try await renew(mine, for: duration) { leases.append(mine) }
                unclear.removeClaim(id)
            } catch {
                if leases.isEmpty { throw error }
                break
            }
        }
        return leases
    }

    private func take(_ row: JobRow, _ owner: String, _ lease: Duration) async throws -> Lease? {
        guard let q = row.q, let due = row.dueAt else { return nil }
        let (now, token) = (clock.now, UUID().uuidString.lowercased())
        var expression = Expression()
        expression.require(Key.q, is: .integer(q))
        expression.require(Key.dueAt, is: Self.value(due))
        expression.set(Key.tok, .string(token))
        expression.set(Key.owner, .string(owner))
        expression.set(Key.state, .string(Job.State.leased.rawValue))
        expression.set(Key.q, .integer(row.photo.leasedLane))
        expression.set(Key.dueAt, Self.value(now + lease))
        expression.add(Key.fence, 1)
        expression.add(Key.attempts, 1)
        expression.append(Key.log, JobLog.value(.claimed, at: now, attempt: row.attempts + 1, owner: owner))
        let outcome: DynamoDB.Outcome
        do {
            outcome = try await change(row.id, expression, returning: .new)
        } catch {
            unclear.insertClaim(row.id, token)
            throw error
        }
        switch outcome {
        case .written(let item):
            let claimed = JobRow(item)
            // A long history is a nuisance, and no reason to lose a claim.
            try? await forgetOldEvents(claimed)
            return claimed.lease
        case .refused(let item, _):
            // The claim whose reply was lost is mine if its token is.
            guard Safeguard.allOld.isOn, let present = item.map(JobRow.init), present.token == token else { return nil }
            return present.lease
        }
    }

    private func forgetOldEvents(_ row: JobRow) async throws {
        guard row.log.count > JobLog.length, let token = row.token else { return }
        var expression = Expression()
        expression.require(Key.tok, is: .string(token))
        expression.removeFirst(row.log.count - JobLog.length / 2, of: Key.log)
        _ = try await change(row.id, expression)
    }
}
