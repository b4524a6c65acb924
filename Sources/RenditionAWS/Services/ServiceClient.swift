import Crypto
import Foundation
import NIOHTTP1
import RenditionCore
import Tracing

/// What all services of one account share.
package struct AWSContext: Sendable {
    package var transport: any Transport
    package var credentials: CredentialCache
    package var region: String
    package var clock: ServerClock
    package var meter: RequestMeter
    /// The most attempts at a request; nil for each service's own default.
    package var maxAttempts: Int?

    package init(
        transport: any Transport, credentials: CredentialCache, region: String, clock: ServerClock = ServerClock(),
        meter: RequestMeter = RequestMeter(), maxAttempts: Int? = nil
    ) {
        self.transport = transport
        self.credentials = credentials
        self.region = region
        self.clock = clock
        self.meter = meter
        self.maxAttempts = maxAttempts
    }
}

/// Sends one service's requests: signed, tried again where that helps, each answer checked.
package struct ServiceClient: Sendable {
    /// A request and what its sender knows of it.
    struct Call: Sendable {
        /// The operation's name, such as `UpdateItem`.
        var operation: String
        /// For messages: a table, or bucket and key.
        var subject: String
        var request: WireRequest
        var payload: SigV4Signer.Payload
        /// The most bytes of the answer.
        var limit = 32 << 20
        var deadline = Duration.seconds(15)
        /// Looks whether a successful answer is whole; throws an ``AWSFailure`` where it isn't.
        var check: @Sendable (WireResponse) throws -> Void = { _ in }
    }

    /// An answer, and whether an earlier attempt may already have done what was asked.
    struct Reply: Sendable {
        var response: WireResponse
        var mayHaveHappenedBefore: Bool
    }

    /// The service's name for people, such as `DynamoDB`.
    let name: String
    let endpoint: Endpoint
    let context: AWSContext
    private let signer: SigV4Signer
    private let retry: RetryPolicy
    private let bucket = RetryBucket()
    /// Reads code, message and item of a refusal.
    private let readError: @Sendable (WireResponse) -> ErrorBody
    /// Whether leases are measured by this service's dates.
    private let teachesTime: Bool

    struct ErrorBody: Sendable {
        var code: String
        var message: String
        var item: [String: RecordValue]?
    }

    /// - Parameter scope: The service's name in signatures.
    init(
        _ name: String, scope: String, endpoint: Endpoint, context: AWSContext, retry: RetryPolicy = RetryPolicy(),
        teachesTime: Bool = false, readError: @escaping @Sendable (WireResponse) -> ErrorBody
    ) {
        self.name = name
        self.endpoint = endpoint
        self.context = context
        self.teachesTime = teachesTime
        self.readError = readError
        signer = SigV4Signer(region: context.region, service: scope)
        var retry = retry
        retry.maxAttempts = context.maxAttempts ?? retry.maxAttempts
        self.retry = retry
    }

    /// - Throws: ``AWSFailure`` when it fails for good or too often; ``CredentialError``; `CancellationError`.
    func send(_ call: Call) async throws -> Reply {
        // What is done for no photo belongs to nobody's trace.
        guard ServiceContext.current?.photo != nil else { return try await sendUntraced(call) }
        return try await withSpan("\(name) \(call.operation)", ofKind: .client) { span in
            span.attributes["rpc.system"] = "aws-api"
            span.attributes["aws.subject"] = call.subject
            return try await sendUntraced(call)
        }
    }

    private func sendUntraced(_ call: Call) async throws -> Reply {
        var attempt = 0
        var mayHaveHappened = false
        var borrowed = 0
        var mended = false
        while true {
            attempt += 1
            context.meter.sent("\(name) \(call.operation)", again: attempt > 1)
            let (credentials, _) = try await context.credentials.current()
            do {
                let response = try await sendOnce(call, credentials)
                bucket.giveBack(borrowed > 0 ? borrowed : 1)
                return Reply(response: response, mayHaveHappenedBefore: mayHaveHappened)
            } catch var failure as AWSFailure {
                mayHaveHappened = mayHaveHappened || failure.mayHaveHappened
                failure.mayHaveHappened = mayHaveHappened
                let isExpired = failure.isExpiredToken || isUntoldExpiry(failure, call)
                if !mended, failure.mayBeSkew || isExpired {
                    // The answer's date has set the clock; a new key may be had. Both help once or not at all.
                    mended = true
                    if isExpired { await context.credentials.invalidate(credentials) }
                    continue
                }
                borrowed = failure.code == "TimedOut" ? 10 : 5
                guard failure.kind != .final, attempt < retry.maxAttempts, bucket.take(borrowed) else { throw failure }
                try await Task.sleep(for: retry.delay(after: attempt, failure.kind))
            }
        }
    }

    /// An answer to HEAD has no body that could say that the credentials have expired: it is a bad request.
    private func isUntoldExpiry(_ failure: AWSFailure, _ call: Call) -> Bool {
        call.request.method == .HEAD && failure.status == 400
    }

    private func sendOnce(_ call: Call, _ credentials: Credentials) async throws -> WireResponse {
        let signedAt = context.clock.now
        var signed = signer.sign(call.request, payload: call.payload, with: credentials, at: signedAt.date)
        signed.headers.add(name: "user-agent", value: "galerly-renditions")
        let sent = ContinuousClock.now
        let response: WireResponse
        do {
            response = try await context.transport.send(signed, limit: call.limit, deadline: call.deadline)
        } catch let error as TransportError {
            throw AWSFailure(error, call: "\(name) \(call.operation)", subject: call.subject)
        }
        var failure = response.isSuccess ? nil : refusal(response, call, Discretion(signed, credentials))
        if call.request.method == .HEAD, response.status == 403, isFar(response, from: signedAt) {
            failure?.code = "RequestTimeTooSkewed"
        }
        if let date = response["date"], teachesTime || failure?.mayBeSkew == true {
            context.clock.learn(date: date, sent: sent, received: .now)
        }
        if let failure { throw failure }
        try call.check(response)
        return response
    }

    /// Whether an answer's date is further from the signature's than services allow. A refused HEAD says no more.
    private func isFar(_ response: WireResponse, from signedAt: Timestamp) -> Bool {
        guard let date = response["date"].flatMap(HTTPDate.parse) else { return false }
        return abs((date - signedAt).seconds) > 240
    }

    private func refusal(_ response: WireResponse, _ call: Call, _ discretion: Discretion) -> AWSFailure {
        let body = readError(response)
        let kind = AWSFailure.kind(status: response.status, code: body.code)
        return AWSFailure(
            call: "\(name) \(call.operation)", subject: call.subject, status: response.status, code: body.code,
            message: discretion.told(body.message),
            requestID: response["x-amzn-requestid"] ?? response["x-amz-request-id"], kind: kind,
            // What fails inside the service may have been done; a refusal has not.
            mayHaveHappened: kind == .transient, item: body.item)
    }
}
