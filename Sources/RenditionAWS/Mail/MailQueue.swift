import Foundation
import RenditionCore

/// The galleries' rows of mail in the side table. Each operation is one conditional write, as in ``DynamoQueue``; all may be
/// called concurrently, from several processes, and throw ``AWSFailure`` and ``CredentialError``. What is mine to send and no
/// longer is, is left alone without a word.
///
/// | operation | condition | effect |
/// |---|---|---|
/// | mark | `since` isn't later than the photo's | due later; `begun` where it isn't; `again` with it; `tok`, `attempts` and `waits` forgotten |
/// | … | `since` is later, or absent | the same, and `since` is the photo's |
/// | take | lane and `due_at` as seen | mine until now + lease; attempts + 1 |
/// | hold | `tok` is mine | mine for another lease |
/// | put off | `tok` is mine | due later, the attempt not counted; `waited` where photos are owed and it isn't |
/// | hand back | `tok` is mine | due at once, the attempt not counted |
/// | refuse | `tok` is mine | due later |
/// | close | `tok` is mine | no mail is due; `told` |
/// | … | `tok` isn't mine | `told` alone: the next session's photos are on their way already |
/// | give up | `tok` is mine | no mail is due; `since`, `begun` and `again` stay, so that the next one tells of these photos too |
struct MailQueue: Sendable {
    let dynamo: DynamoDB
    let table: String
    let clock: any StoreClock
    let search: DueSearch
    /// How long a sender that fell silent keeps a mail.
    let lease: Duration

    private typealias Key = JobAttribute

    /// How much later two processes may take a moment to be.
    private static let skew = Duration.seconds(5)

    /// A mail that is mine to send.
    struct Taken: Sendable {
        var row: MailRow
        var token: String
    }

    // MARK: Marking

    /// - Parameters:
    ///   - since: When the photo began to owe its renditions.
    ///   - again: The id of a photo that had failed; nil for another.
    ///   - known: What `since` was seen to be last; nil where that isn't known.
    ///   - delay: When the mail is due, from now.
    /// - Returns: what `since` is now.
    /// - Throws: A ``RenditionError`` of stage `commit` where the row changes too often: that is this gallery's trouble, and
    ///   the store is able.
    func mark(
        _ gallery: String, since: Timestamp, again: String? = nil, known: Timestamp?, due delay: Duration
    ) async throws -> Timestamp {
        let now = clock.now
        var known = known
        for _ in 0..<8 {
            var expression = Expression()
            let isEarlier = known.map { since < $0 } ?? true
            if isEarlier {
                expression.requireAbsent(Key.since, orAtLeast: DynamoQueue.value(since))
                expression.set(Key.since, DynamoQueue.value(since))
            } else {
                expression.require(Key.since, atMost: DynamoQueue.value(since))
            }
            expression.set(Key.gallery, .string(gallery))
            expression.set(Key.q, .integer(Lane.mail(galleryID: gallery)))
            expression.set(Key.dueAt, DynamoQueue.value(now + delay))
            expression.setIfAbsent(Key.begun, DynamoQueue.value(now + (.zero - Self.skew)))
            if let again { expression.add(Key.again, member: again) }
            expression.remove(Key.tok, Key.attempts, Key.waits)
            switch try await change(gallery, expression) {
            case .written: return isEarlier ? since : known ?? since
            case .refused(let item, _): known = item.map(JobRow.init).map(MailRow.init)?.since
            }
        }
        throw RenditionError(
            code: "contended", stage: .commit, retriable: true,
            message: "A gallery's row of mail changes too often to be changed. It will be tried again.", detail: gallery
        )
    }

    // MARK: Sending

    /// Rows that are due, as the index shows them.
    func due() async throws -> [JobRow] { try await search.mails() }

    /// - Returns: nil where somebody else was quicker, or another photo was settled.
    func take(_ row: JobRow) async throws -> Taken? {
        guard let q = row.q, let due = row.dueAt else { return nil }
        let token = UUID().uuidString.lowercased()
        var expression = Expression()
        expression.require(Key.q, is: .integer(q))
        expression.require(Key.dueAt, is: DynamoQueue.value(due))
        expression.set(Key.tok, .string(token))
        expression.set(Key.dueAt, DynamoQueue.value(clock.now + lease))
        expression.add(Key.attempts, 1)
        switch try await change(row.photo.galleryID, expression, returning: .new) {
        case .written(let item): return Taken(row: MailRow(JobRow(item)), token: token)
        case .refused(let item, _):
            // The take whose reply was lost is mine if its token is.
            guard let present = item.map(JobRow.init).map(MailRow.init), present.token == token else { return nil }
            return Taken(row: present, token: token)
        }
    }

    /// - Returns: false where it isn't mine any more.
    func hold(_ taken: Taken) async throws -> Bool {
        var expression = mine(taken)
        expression.set(Key.dueAt, DynamoQueue.value(clock.now + lease))
        return try await isWritten(taken, expression)
    }

    /// - Parameter owes: Whether photos are waited for.
    func putOff(_ taken: Taken, for wait: Duration, owes: Bool) async throws {
        var expression = mine(taken)
        if owes { expression.setIfAbsent(Key.waited, DynamoQueue.value(clock.now)) }
        expression.set(Key.dueAt, DynamoQueue.value(clock.now + wait))
        expression.set(Key.waits, .integer(taken.row.waits + 1))
        expression.add(Key.attempts, -1)
        expression.remove(Key.tok)
        _ = try await isWritten(taken, expression)
    }

    func handBack(_ taken: Taken) async throws {
        var expression = mine(taken)
        expression.set(Key.dueAt, DynamoQueue.value(clock.now))
        expression.add(Key.attempts, -1)
        expression.remove(Key.tok)
        _ = try await isWritten(taken, expression)
    }

    /// - Parameter reason: Of which 400 characters are kept.
    func refuse(_ taken: Taken, because reason: String, for wait: Duration) async throws {
        var expression = mine(taken)
        expression.set(Key.dueAt, DynamoQueue.value(clock.now + wait))
        expression.set(Key.lastError, .string(String(reason.prefix(400))))
        expression.remove(Key.tok)
        _ = try await isWritten(taken, expression)
    }

    /// - Parameter told: Until when photos were settled that the mail told of; nil where there was none.
    func close(_ taken: Taken, told: Timestamp?) async throws {
        var expression = mine(taken)
        if let told { expression.set(Key.told, DynamoQueue.value(told)) }
        expression.remove(
            Key.q, Key.dueAt, Key.since, Key.begun, Key.again, Key.tok, Key.attempts, Key.waits, Key.waited,
            Key.lastError)
        if try await isWritten(taken, expression) { return }
        guard let told else { return }
        var alone = Expression()
        alone.requirePresent(Key.id)
        alone.requireAbsent(Key.told, orAtMost: DynamoQueue.value(told))
        alone.set(Key.told, DynamoQueue.value(told))
        alone.remove(Key.waited)
        _ = try await change(taken.row.gallery, alone)
    }

    /// - Parameter reason: Of which 400 characters are kept.
    func giveUp(_ taken: Taken, because reason: String) async throws {
        var expression = mine(taken)
        expression.set(Key.lastError, .string(String(reason.prefix(400))))
        expression.remove(Key.q, Key.dueAt, Key.tok, Key.attempts, Key.waits, Key.waited)
        _ = try await isWritten(taken, expression)
    }

    func row(_ gallery: String) async throws -> MailRow? {
        try await dynamo.get([Key.id: .string(MailRow.id(of: gallery))], from: table).map(JobRow.init).map(MailRow.init)
    }

    // MARK: Requests

    private func mine(_ taken: Taken) -> Expression {
        var expression = Expression()
        expression.require(Key.tok, is: .string(taken.token))
        return expression
    }

    private func isWritten(_ taken: Taken, _ expression: Expression) async throws -> Bool {
        if case .written = try await change(taken.row.gallery, expression) { return true }
        return false
    }

    private func change(
        _ gallery: String, _ expression: Expression, returning: DynamoDB.Returning = .none
    ) async throws -> DynamoDB.Outcome {
        try await dynamo.update(
            [Key.id: .string(MailRow.id(of: gallery))], in: table, expression, returning: returning)
    }
}
