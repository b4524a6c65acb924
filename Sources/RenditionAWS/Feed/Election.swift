import Foundation
import Logging
import RenditionCore

/// Makes one worker of all keep house: feed the queue and take back expired leases.
///
/// The office is a lease on a row of its own in the side table. It stands in the index of owed work, in a lane of its own,
/// so that who looks for work there sees in passing whether it is free. Whoever holds it knows by this machine's monotonic
/// clock until when nobody else can; one that was stopped in between finds on waking that it no longer holds it.
actor Election {
    private let dynamo: DynamoDB
    private let table: String
    private let clock: any StoreClock
    private let owner: String
    private let logger: Logger
    private let lease: Duration

    private var token: String?
    /// Until when nobody else can hold it.
    private var mineUntil: ContinuousClock.Instant?
    /// When it was taken or renewed last.
    private var heldSince = ContinuousClock.now
    private var heldFor = Duration.zero
    private var askAt = ContinuousClock.now
    private var hasAsked = false

    /// The office's row. No photo's id is like it.
    static let row = "~housekeeper"

    /// - Parameter lease: How long a silent holder keeps the office; renewed after a third of it, given up by the
    ///   holder itself after four fifths. While nothing is owed it is held for twice as long, and renewed after two thirds.
    init(
        dynamo: DynamoDB, table: String, clock: any StoreClock, owner: String, lease: Duration,
        logger: Logger
    ) {
        self.dynamo = dynamo
        self.table = table
        self.clock = clock
        self.owner = owner
        self.lease = lease
        self.logger = logger
    }

    /// Whether nobody else can hold the office now.
    var isMine: Bool { mineUntil.map { $0 > .now } == true }

    /// Takes, keeps or asks for the office, as is due.
    ///
    /// - Parameters:
    ///   - seen: Until when somebody was lately seen to hold it; nil where that isn't known.
    ///   - isQuiet: Whether nothing is owed.
    /// - Returns: whether it is mine.
    func stand(seenHeldUntil seen: Timestamp?, isQuiet: Bool) async throws -> Bool {
        if token != nil, !isMine { lose() }
        if let token {
            let age = isQuiet && heldFor > lease ? heldFor * 2 / 3 : lease / 3
            if heldSince + age <= .now { try await renew(token, for: isQuiet ? lease * 2 : lease) }
        } else if askAt <= .now {
            if let seen, seen > clock.now { return false }
            askAt = .now + lease / 3 * Double.random(in: 0.8...1.2)
            // The first time it is worth a refused write: photos may be waiting to be found.
            defer { hasAsked = true }
            if !hasAsked { try await take() } else if try await isFree() { try await take() }
        }
        return isMine
    }

    /// Gives the office up, so that another needn't wait for the lease to end.
    func resign() async {
        guard let token else { return }
        lose()
        var expression = Expression()
        expression.require(JobAttribute.tok, is: .string(token))
        expression.remove(JobAttribute.tok, JobAttribute.owner)
        expression.set(JobAttribute.q, .integer(Lane.office))
        expression.set(JobAttribute.dueAt, DynamoQueue.value(Timestamp(milliseconds: 0)))
        _ = try? await dynamo.update(Self.key, in: table, expression)
    }

    private static let key: DynamoDB.Item = [JobAttribute.id: .string(row)]

    private func isFree() async throws -> Bool {
        guard let item = try await dynamo.get(Self.key, from: table) else { return true }
        return (JobRow(item).dueAt ?? clock.now) <= clock.now
    }

    private func take() async throws {
        let (sent, new) = (ContinuousClock.now, UUID().uuidString.lowercased())
        let now = clock.now
        var expression = Expression()
        expression.requireAbsent(JobAttribute.dueAt, orAtMost: DynamoQueue.value(now))
        hold(&expression, new, until: now + lease)
        switch try await dynamo.update(Self.key, in: table, expression) {
        case .written: break
        // After a lost reply the row's token tells.
        case .refused(let item, _): guard item.map(JobRow.init)?.token == new else { return }
        }
        token = new
        held(since: sent, for: lease)
        logger.info("This worker keeps house now: it finds new photos and takes back expired leases.")
    }

    private func renew(_ token: String, for lease: Duration) async throws {
        let sent = ContinuousClock.now
        var expression = Expression()
        expression.require(JobAttribute.tok, is: .string(token))
        hold(&expression, token, until: clock.now + lease)
        guard case .written = try await dynamo.update(Self.key, in: table, expression) else {
            lose()
            return
        }
        held(since: sent, for: lease)
    }

    private func hold(_ expression: inout Expression, _ token: String, until: Timestamp) {
        expression.set(JobAttribute.tok, .string(token))
        expression.set(JobAttribute.owner, .string(owner))
        expression.set(JobAttribute.q, .integer(Lane.office))
        expression.set(JobAttribute.dueAt, DynamoQueue.value(until))
    }

    private func held(since sent: ContinuousClock.Instant, for lease: Duration) {
        mineUntil = sent + lease * 4 / 5
        (heldSince, heldFor) = (sent, lease)
    }

    private func lose() {
        token = nil
        mineUntil = nil
        logger.info("This worker keeps house no longer.")
    }
}
