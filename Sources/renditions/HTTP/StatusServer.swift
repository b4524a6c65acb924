import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import RenditionAWS
import RenditionCore
import ServiceLifecycle

/// Serves what a worker is doing, and takes hooks and retries.
///
/// | path | answers |
/// |---|---|
/// | `GET /health` | 200 while the process lives and its worker asks the queue, else 503 |
/// | `GET /ready` | 200 while photos are taken, else 503 with the reason |
/// | `GET /metrics` | Prometheus' text |
/// | `GET /status` | a ``StatusDocument`` |
/// | `GET /events` | the same again and again, as server-sent events |
/// | `GET /` | the page that shows them |
/// | `POST /photos/{id}/retry` | queues a photo that was given up |
/// | `POST /hooks/s3` | queues what an S3 event, or a list of ids, tells of |
struct StatusServer: Sendable {
    /// The worker beside it; a server that only takes hooks has none.
    struct Watched: Sendable {
        var status: WorkerStatus
        var owner: String
        var threads: Int
        /// What keeps its settings; nil where nothing does.
        var reload: SettingsReload?
    }

    let store: any PhotoStore
    let watched: Watched?
    /// What renders hooks' photos at once; nil queues them.
    let rendering: ResidentRendering?
    let address: HTTPAddress
    /// nil where none was set.
    let secret: String?
    let bucket: String
    let logger: Logger
    private let overview: StoreOverview
    private let viewers = ViewerCount()
    private let end = EndSignal()

    /// The longest that a request may wait for a photo's record, in seconds.
    private static let longestWait = 60
    /// How long an answer waits for the store: whoever asks waits no longer than ten seconds, as a rule.
    private static let patience = Duration.seconds(3)
    /// How long a worker may not ask the queue until it is called dead, in seconds. Its requests end long before.
    private static let longestSilence = 300.0

    /// - Parameter bucket: The bucket of originals.
    init(
        store: any PhotoStore, watched: Watched?, rendering: ResidentRendering? = nil, address: HTTPAddress,
        secret: String?, bucket: String, logger: Logger
    ) {
        self.store = store
        self.watched = watched
        self.rendering = rendering
        self.address = address
        self.secret = secret
        self.bucket = bucket
        self.logger = logger
        overview = StoreOverview(store: store)
    }

    func service() -> any Service {
        let quiet = Logger(label: "http") { _ in SwiftLogNoOpLogHandler() }
        let router = Router()
        router.get("/health") { _, _ in health() }
        router.get("/ready") { _, _ in ready() }
        router.get("/metrics") { request, _ in await metrics(accept: request.headers[.accept]) }
        router.get("/status") { _, _ in try Self.json(await document()) }
        router.get("/events") { _, _ in events() }
        router.get("/") { _, _ in
            Self.answer(.ok, PackageResources.status_html, "text/html; charset=utf-8", extra: Self.pageHeaders)
        }
        router.post("/photos/:id/retry") { request, context in
            let id = try context.parameters.require("id")
            // A signature is of a body, and says nothing of which photo.
            return try await guarded(request, limit: 1 << 10, signed: false) { _ in try await retry(id) }
        }
        router.post("/hooks/s3") { request, _ in
            try await guarded(request, limit: S3Event.longest) { body in try await hook(request, body) }
        }
        let application = Application(
            router: router,
            // Who asks for nothing for longer is gone, or means harm.
            server: .http1(configuration: .init(idleTimeout: .seconds(90))),
            configuration: ApplicationConfiguration(address: .hostname(address.host, port: address.port)),
            onServerRunning: { [address, logger] channel in
                let bound = channel.localAddress?.port ?? address.port
                logger.notice("The status page is on \(address.url(port: bound))/")
            },
            logger: quiet)
        return EndingServer(server: application, end: end)
    }

    /// Nothing of the page comes from elsewhere, and nothing of it can be framed.
    private static let pageHeaders: HTTPFields = {
        var headers = HTTPFields()
        headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
            + "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        headers[.xContentTypeOptions] = "nosniff"
        return headers
    }()

    // MARK: For orchestrators

    private func health() -> Response {
        if let status = watched?.status.snapshot, status.silence > Self.longestSilence, status.condition != .stopping {
            return Self.text(.serviceUnavailable, "The worker has not asked the queue for \(Int(status.silence)) s.")
        }
        return Self.text(.ok, "ok")
    }

    private func ready() -> Response {
        guard let status = watched?.status.snapshot else { return Self.text(.ok, "ok") }
        return switch status.condition {
        case .working: Self.text(.ok, "ok")
        case .starting: Self.text(.serviceUnavailable, "The worker is starting.")
        case .stopping: Self.text(.serviceUnavailable, "The worker is stopping.")
        case .paused(let reason): Self.text(.serviceUnavailable, "The store is unable: \(reason)")
        }
    }

    private func metrics(accept: String?) async -> Response {
        let isOpenMetrics = MetricsText.isOpenMetrics(accept)
        let view = try? await overview.view(atMost: .seconds(5), patience: Self.patience)
        let text = MetricsText.text(
            watched?.status.snapshot ?? WorkerStatus().snapshot, threads: watched?.threads ?? 0,
            settings: watched?.reload?.state, overview: view,
            requests: (store as? AWSStore)?.meter.counts ?? [:], isOpenMetrics: isOpenMetrics)
        return Self.answer(.ok, Array(text.utf8), MetricsText.contentType(isOpenMetrics: isOpenMetrics))
    }

    // MARK: For people

    private func document() async -> StatusDocument {
        let view: Result<StoreOverview.View, any Error>
        do { view = .success(try await overview.view(patience: Self.patience)) } catch { view = .failure(error) }
        return StatusDocument(
            store: store, watched: watched.map { ($0.status.snapshot, $0.owner, $0.threads, $0.reload?.state) },
            overview: view)
    }

    private func events() -> Response {
        guard let seat = viewers.enter() else {
            return Self.text(.serviceUnavailable, "Too many pages are open.", extra: [.retryAfter: "10"])
        }
        return EventStream(until: end) { try Self.encode(await document()) }.response(seat: seat)
    }

    // MARK: What is done

    private struct Done: Encodable { var done: Bool }
    private struct Told: Encodable { var uploads: [HookRun.Answer] }
    private struct Refused: Encodable { var error: String }

    private func retry(_ id: String) async throws -> Response {
        guard try await store.queue.redrive(id, after: .zero) else {
            return try Self.json(Refused(error: "\(id.printable) is no failed photo."), .notFound)
        }
        store.doorbell.ring()
        await overview.forget()
        logger.notice("Queued again, over HTTP.", metadata: ["photo": "\(id.printable)"])
        return try Self.json(Done(done: true))
    }

    private func hook(_ request: Request, _ body: [UInt8]) async throws -> Response {
        let wait = request.uri.queryParameters["wait"].flatMap { Int($0) } ?? 10
        let input: HookInput
        do {
            input = try HookInput(body, bucket: bucket)
        } catch let error as S3Event.Unreadable {
            return try Self.json(Refused(error: error.description), .badRequest)
        }
        let run = HookRun(
            store: store, patience: .seconds(min(max(wait, 0), Self.longestWait)), rendering: rendering)
        let trace = HTTPField.Name(PhotoTrace.header).flatMap { request.headers[$0] }
        // A photo that is waited for is no reason not to end: its sender tries again.
        let answers = try await end.race { try await run.answers(to: input, trace: trace) }
        // Whoever sends it tries again where that may help.
        let isComplete = !answers.contains(where: \.isOpen)
        return try Self.json(
            Told(uploads: answers), isComplete ? .ok : .serviceUnavailable,
            extra: isComplete ? [:] : [.retryAfter: "30"])
    }

    /// Reads the body and has the guard look, before anything is done.
    private func guarded(
        _ request: Request, limit: Int, signed: Bool = true, _ body: ([UInt8]) async throws -> Response
    ) async throws -> Response {
        do {
            let bytes: [UInt8]
            do {
                bytes = Array(buffer: try await request.body.collect(upTo: limit))
            } catch {
                throw RequestGuard.Refusal(
                    status: .contentTooLarge, message: "The body is longer than \(limit) bytes, or was cut off.")
            }
            try RequestGuard(secret: secret, address: address)
                .check(request.headers, authority: request.head.authority, body: signed ? bytes : nil)
            return try await body(bytes)
        } catch let refusal as RequestGuard.Refusal {
            return try Self.json(
                Refused(error: refusal.message), refusal.status,
                extra: refusal.status == .unauthorized ? [.wwwAuthenticate: "Bearer"] : [:])
        } catch is CancellationError {
            return try Self.json(
                Refused(error: "The server is stopping."), .serviceUnavailable, extra: [.retryAfter: "5"])
        } catch let error as RenditionError {
            logger.error("A request over HTTP failed: \(error)")
            return try Self.json(Refused(error: error.message), .serviceUnavailable, extra: [.retryAfter: "5"])
        }
    }

    // MARK: Answers

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }

    private static func json(
        _ value: some Encodable, _ status: HTTPResponse.Status = .ok, extra: HTTPFields = [:]
    ) throws -> Response {
        answer(status, try encode(value), "application/json", extra: extra)
    }

    private static func text(_ status: HTTPResponse.Status, _ text: String, extra: HTTPFields = [:]) -> Response {
        answer(status, Array("\(text)\n".utf8), "text/plain; charset=utf-8", extra: extra)
    }

    private static func answer(
        _ status: HTTPResponse.Status, _ bytes: [UInt8], _ type: String, extra: HTTPFields = [:]
    ) -> Response {
        var headers = extra
        headers[.contentType] = type
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
