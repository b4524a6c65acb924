import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import RenditionAWS
import RenditionCore
import ServiceLifecycle

/// The development backend over HTTP, for the gallery page and for whoever tries the pipeline by hand.
///
/// | path | does |
/// |---|---|
/// | `GET /health` | answers 200 once the store answers |
/// | `POST /v1/galleries/{id}/photos/upload-url` | gives out a place for a file: `filename`, `file_size` |
/// | `POST /v1/galleries/{id}/photos/confirm` | writes the record: `photo_id`, `filename` |
/// | `GET /v1/galleries/{id}/photos` | lists a gallery: its records, and the queue's word on those that wait |
/// | `POST /v1/photos/{id}/retry` | queues a photo that was given up |
/// | `GET`, `PUT /v1/watermark` | the photographer's text mark; a change renders everything anew |
///
/// Pages of one origin may ask for all of it, and no others; and whoever asks must call it by a name of this machine's own.
struct UploadAPI: Sendable {
    let backend: DevelopmentBackend
    let address: HTTPAddress
    /// The page's origin, such as `http://localhost:5173`.
    let origin: String
    let logger: Logger

    private static let longestBody = 1 << 16

    func service() -> any Service {
        let router = Router()
        router.add(
            middleware: CORSMiddleware(
                allowOrigin: .custom(origin), allowHeaders: [.contentType], allowMethods: [.get, .post, .put],
                maxAge: .seconds(600)))
        router.add(middleware: RefusalsInOneShape())
        router.add(middleware: LoopbackOnly())
        router.get("/health") { _, _ in
            try await answered { () -> Health in
                _ = try await backend.watermark()
                return Health()
            }
        }
        let photos = router.group("/v1/galleries/:gallery/photos")
        photos.post("upload-url") { request, context in
            try await answered(.created, request) { (wish: Upload) in
                try await backend.ticket(
                    gallery: try context.gallery, filename: wish.filename, bytes: wish.fileSize ?? 0)
            }
        }
        photos.post("confirm") { request, context in
            try await answered(.created, request) { (done: Upload) in
                let gallery = try context.gallery
                let record = try await backend.confirm(
                    gallery: gallery, photoID: done.photoID ?? "", filename: done.filename)
                logger.info("\(record.filename.printable) was uploaded.", metadata: ["photo": "\(record.id)"])
                return PlainJSON(.map(record.attributes))
            }
        }
        photos.get { _, context in
            try await answered {
                let gallery = try context.gallery
                let (photos, jobs) = try await backend.gallery(gallery)
                return List(
                    gallery: gallery, photos: photos.map { PlainJSON(.map($0.attributes)) },
                    queue: jobs.mapValues(Waiting.init))
            }
        }
        router.post("/v1/photos/:id/retry") { request, context in
            try checkOrigin(request)
            return try await answered { () -> Done in
                try await backend.retry(try context.parameters.require("id"))
                return Done(queued: 1)
            }
        }
        router.get("/v1/watermark") { _, _ in try await answered { try await backend.watermark() } }
        router.put("/v1/watermark") { request, _ in
            try await answered(.ok, request) { (settings: WatermarkSettings) in
                let count = try await backend.change(settings)
                logger.info("The watermark was changed; photos to render anew: \(count).")
                return Done(queued: count)
            }
        }
        return DevelopmentService.serving(router, at: address, as: "The upload API", logger: logger)
    }

    // MARK: What comes and goes

    private struct Upload: Decodable {
        var filename: String
        var fileSize: Int?
        var photoID: String?

        private enum CodingKeys: String, CodingKey {
            case filename
            case fileSize = "file_size"
            case photoID = "photo_id"
        }
    }

    private struct Health: Encodable { var status = "healthy" }
    private struct Done: Encodable { var queued: Int }
    fileprivate struct Refused: Encodable { var error: String }

    private struct List: Encodable {
        var gallery: String
        var photos: [PlainJSON]
        var queue: [String: Waiting]
    }

    /// What the queue knows of a photo.
    private struct Waiting: Encodable {
        var state: Job.State
        var attempts: Int
        var dueAt: Timestamp?
        var lastError: String?

        private enum CodingKeys: String, CodingKey {
            case state, attempts
            case dueAt = "due_at"
            case lastError = "last_error"
        }

        init(_ job: Job) {
            (state, attempts, dueAt, lastError) = (job.state, job.attempts, job.dueAt, job.lastError?.message)
        }
    }

    // MARK: Answers

    private func answered<Wish: Decodable, Answer: Encodable>(
        _ status: HTTPResponse.Status, _ request: Request, _ body: (Wish) async throws -> Answer
    ) async throws -> Response {
        try checkOrigin(request)
        let wish: Wish
        do {
            wish = try JSONDecoder().decode(
                Wish.self, from: Data(try await request.body.collect(upTo: Self.longestBody).readableBytesView))
        } catch {
            return try Self.json(
                .badRequest, Refused(error: "The request's body is no JSON of the kind that is asked for."))
        }
        return try await answered(status) { try await body(wish) }
    }

    private func answered(
        _ status: HTTPResponse.Status = .ok, _ body: () async throws -> some Encodable
    ) async throws -> Response {
        do {
            return try Self.json(status, try await body())
        } catch let refusal as BackendRefusal {
            return try Self.json(refusal.kind.status, Refused(error: refusal.message))
        } catch let error as RenditionError {
            logger.error("A request could not be answered: \(error)")
            return try Self.json(.serviceUnavailable, Refused(error: error.message))
        }
    }

    /// What changes something is done for one page only: a browser sends for any.
    private func checkOrigin(_ request: Request) throws {
        guard let told = request.headers[.origin], told != origin else { return }
        throw HTTPError(.forbidden, message: "Pages of other origins than \(origin) may not ask for this.")
    }

    fileprivate static func json(_ status: HTTPResponse.Status, _ value: some Encodable) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Response(
            status: status, headers: [.contentType: "application/json", .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: try encoder.encode(value))))
    }
}

/// Answers what the router and the checks before it refuse as everything else is refused: with its reason as `error`.
private struct RefusalsInOneShape<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as HTTPError {
            return try UploadAPI.json(
                error.status, UploadAPI.Refused(error: error.body ?? "\(error.status.reasonPhrase)."))
        }
    }
}

/// Refuses requests under any name but this machine's own: with one of its own for this machine, a page elsewhere would read what
/// is here.
private struct LoopbackOnly<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard RequestGuard.isLoopback(request.head.authority) else {
            throw HTTPError(.forbidden, message: "This server answers to localhost only.")
        }
        return try await next(request, context)
    }
}

extension RequestContext {
    /// The gallery's id. The router leaves a path's escapes as they are.
    fileprivate var gallery: String {
        get throws {
            let escaped = try parameters.require("gallery")
            guard let id = escaped.removingPercentEncoding else {
                throw BackendRefusal(.unusable, "The gallery's id in the address can't be read.")
            }
            return id
        }
    }
}

extension BackendRefusal.Kind {
    fileprivate var status: HTTPResponse.Status {
        switch self {
        case .unusable: .badRequest
        case .unsupported: .unsupportedMediaType
        case .conflict: .conflict
        }
    }
}
