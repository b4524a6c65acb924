import Foundation
import Hummingbird
import Logging
import NIOPosix
import RenditionCore
import RenditionLocal
import ServiceLifecycle

/// Serves the gallery page, a list of the gallery's records, and the renditions' files.
struct GalleryServer: Sendable {
    let store: LocalStore
    let buckets: BucketNames
    let gallery: String

    /// - Parameter port: 0 for any that is free; the address is printed once it listens.
    func service(host: String, port: Int) -> any Service {
        var quiet = Logger(label: "http") { StreamLogHandler.standardError(label: $0) }
        quiet.logLevel = .error
        let router = Router()
        router.add(middleware: renditions(quiet))
        router.get("/") { _, _ in
            Self.response(PackageResources.gallery_html, type: "text/html; charset=utf-8")
        }
        router.get("/config.json") { [gallery] _, _ in
            let configuration = GalleryPageConfiguration(api: nil, gallery: gallery)
            return Self.response([UInt8](try JSONEncoder().encode(configuration)), type: "application/json")
        }
        router.get("/gallery.json") { [store, gallery] _, _ in
            let photos = try await store.records.gallery(gallery)
            let list = List(gallery: gallery, photos: photos.map { PlainJSON(.map($0.attributes)) })
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.withoutEscapingSlashes]
            return Self.response([UInt8](try encoder.encode(list)), type: "application/json")
        }
        return Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname(host, port: port)),
            onServerRunning: { channel in
                let bound = channel.localAddress?.port ?? port
                Terminal.print("The gallery is on http://localhost:\(bound)")
            },
            logger: quiet)
    }

    private struct List: Encodable {
        var gallery: String
        var photos: [PlainJSON]
    }

    private static func response(_ bytes: [UInt8], type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type, .cacheControl: "no-cache"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// Files go out as a public object store would send them: a URL's version changes with the bytes.
    private func renditions(_ logger: Logger) -> FileMiddleware<BasicRequestContext, RenditionFiles> {
        let forever = CacheControl([(.imageJpeg, [.public, .maxAge(31_536_000), .immutable])])
        return FileMiddleware(
            fileProvider: RenditionFiles(paths: store.paths, bucket: buckets.renditions, logger: logger),
            cacheControl: forever)
    }
}

/// Finds the file of a rendition from a URL's path, `/{bucket}/{key}`.
private struct RenditionFiles: FileProvider {
    private let paths: ObjectPaths
    private let prefix: String
    private let files: LocalFileSystem

    init(paths: ObjectPaths, bucket: String, logger: Logger) {
        self.paths = paths
        prefix = "/\(bucket)/"
        files = LocalFileSystem(rootFolder: "/", threadPool: .singleton, logger: logger)
    }

    func getFileIdentifier(_ path: String) -> String? {
        guard path.hasPrefix(prefix) else { return nil }
        return try? paths.file(.renditions, key: String(path.dropFirst(prefix.count)))
    }

    func getAttributes(id: String) async throws -> LocalFileSystem.FileAttributes? {
        try await files.getAttributes(id: id)
    }

    func loadFile(id: String, context: some RequestContext) async throws -> ResponseBody {
        try await files.loadFile(id: id, context: context)
    }

    func loadFile(id: String, range: ClosedRange<Int>, context: some RequestContext) async throws -> ResponseBody {
        try await files.loadFile(id: id, range: range, context: context)
    }
}
