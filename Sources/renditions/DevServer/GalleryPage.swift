import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import RenditionAWS
import ServiceLifecycle

/// Serves the gallery page to a browser, and nothing else: the photos come from the object store, the records from the
/// upload API, and the page's own rules keep it to those two.
struct GalleryPage: Sendable {
    /// The upload API as a browser reaches it, such as `http://localhost:5001`.
    let api: String
    /// The object store's origin as a browser reaches it.
    let images: String
    /// Where originals are uploaded to, which may be another one.
    let uploads: String
    let address: HTTPAddress
    let logger: Logger

    func service() -> any Service {
        let router = Router()
        router.get("/") { _, _ in Self.answer(PackageResources.gallery_html, "text/html; charset=utf-8", headers) }
        router.get("/health") { _, _ in Self.answer(Array("ok\n".utf8), "text/plain; charset=utf-8") }
        router.get("/config.json") { _, _ in
            Self.answer(
                [UInt8](try JSONEncoder().encode(GalleryPageConfiguration(api: api, gallery: nil))), "application/json")
        }
        return DevelopmentService.serving(router, at: address, as: "The gallery page", logger: logger)
    }

    private var headers: HTTPFields {
        var headers = HTTPFields()
        let stores = Set([images, uploads]).sorted().joined(separator: " ")
        headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src \(images) data:; "
            + "connect-src 'self' \(api) \(stores); frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        headers[.xContentTypeOptions] = "nosniff"
        return headers
    }

    private static func answer(_ bytes: [UInt8], _ type: String, _ extra: HTTPFields = [:]) -> Response {
        var headers = extra
        headers[.contentType] = type
        headers[.cacheControl] = "no-cache"
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

/// What the gallery page is told of its surroundings.
struct GalleryPageConfiguration: Encodable {
    /// The upload API; nil where nothing can be uploaded and the list of photos lies beside the page.
    var api: String?
    /// The gallery to show; nil for the one that the page's address names.
    var gallery: String?
}
