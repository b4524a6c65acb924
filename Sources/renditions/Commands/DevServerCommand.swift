import ArgumentParser
import Foundation
import Logging
import RenditionAWS
import RenditionCore
import ServiceLifecycle

struct DevServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "devserver",
        abstract: "Serves an upload API and a gallery page, for development and tests only.",
        discussion: """
            It stands in for the platform's backend and frontend on one's own machine: presigned uploads, records as the \
            backend writes them, and a page to drag photos into. It asks nobody who they are, and refuses to run with \
            ENVIRONMENT=production. `make stack` starts it together with everything around it.
            """)

    @Option(help: ArgumentHelp("Where the upload API listens, or none.", valueName: "host:port"))
    var api = "127.0.0.1:5001"

    @Option(help: ArgumentHelp("Where the gallery page is served, or none.", valueName: "host:port"))
    var page = "127.0.0.1:5173"

    @Option(help: "The upload API as a browser reaches it; unset: localhost and its port.")
    var apiURL: String?

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        for (name, text) in [("--api", api), ("--page", page)] where text != "none" && HTTPAddress(text) == nil {
            throw ValidationError("\(name) takes a host and a port, such as 127.0.0.1:5001, or none.")
        }
        if api == "none", page == "none" {
            throw ValidationError("With neither --api nor --page nothing is left to do.")
        }
    }

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            guard settings.text(.deployment) != Settings.Deployment.production.rawValue else {
                throw SettingError(
                    "ENVIRONMENT is production, and devserver is for development only: it asks nobody who they are.")
            }
            guard settings.store == .aws else {
                throw SettingError(
                    "devserver needs --store aws: browsers upload to S3, and an embedded store has none.")
            }
            guard let origin = CrossOrigin.origin(of: settings.text(.frontend)) else {
                throw SettingError("FRONTEND_URL is \"\(settings.text(.frontend))\", which is no page's address.")
            }
            guard let images = CrossOrigin.origin(of: settings.urls.url(.renditions, key: "")) else {
                throw SettingError(
                    "The object store has no address that a browser could reach; check RENDITIONS_PUBLIC_ENDPOINT.")
            }
            guard let endpoint = Endpoint(settings.publicEndpoint) else {
                throw SettingError(
                    "RENDITIONS_PUBLIC_ENDPOINT is \"\(settings.publicEndpoint)\"; it must be http:// or https://, a host and perhaps a port."
                )
            }
            var place = endpoint
            place.host = try settings.aws().s3Addressing.host(of: settings.buckets[.photos], at: endpoint.host)
            let uploads = CrossOrigin.origin(of: place.text) ?? images
            let logger = Parts.logger(settings)
            let pageAddress = HTTPAddress(page)
            let apiAddress = HTTPAddress(api)
            let pageService = pageAddress.map { address in
                GalleryPage(
                    api: apiURL ?? "http://localhost:\(apiAddress?.port ?? 5001)", images: images, uploads: uploads,
                    address: address, logger: logger
                ).service()
            }
            if let pageAddress, pageAddress.port != (URL(string: origin)?.port ?? pageAddress.port) {
                logger.warning(
                    "The page is on port \(pageAddress.port), and the upload API answers pages of FRONTEND_URL only, which is \(origin). Set FRONTEND_URL to the page's address."
                )
            }
            guard let apiAddress else {
                if let pageService { try await SignalledGroup.run(pageService, logger: logger) }
                return
            }
            try await Parts.withAWSStore(settings) { store in
                let backend = DevelopmentBackend(
                    store: store, urls: settings.urls, endpoint: endpoint, limit: settings.limits.bytes)
                let service = UploadAPI(backend: backend, address: apiAddress, origin: origin, logger: logger).service()
                try await SignalledGroup.run(service, beside: pageService, logger: logger)
            }
        }
    }
}
