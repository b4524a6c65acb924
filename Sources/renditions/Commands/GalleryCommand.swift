import ArgumentParser
import Foundation
import Hummingbird
import Logging
import NIOCore
import RenditionCore
import RenditionLocal

struct GalleryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gallery",
        abstract: "Serves a page with a gallery's renditions, straight from the embedded store's object folder.",
        discussion:
            "For looking at results on one's own machine. Only the renditions bucket is served, never originals.")

    @Argument(help: "The gallery's id.")
    var gallery: String

    @Option(help: "The port to listen on.")
    var port = 5173

    @Option(help: "The address to listen on.")
    var host = "127.0.0.1"

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        if !(0...65535).contains(port) { throw ValidationError("--port takes a number from 0 to 65535.") }
    }

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            try await Parts.withLocalStore(settings.store, settings) { store in
                try await serve(GalleryServer(store: store, buckets: settings.buckets, gallery: gallery), settings)
            }
        }
    }

    private func serve(_ server: GalleryServer, _ settings: Settings) async throws {
        try await HTTPFault.told(HTTPAddress(host: host, port: port)) {
            try await SignalledGroup.run(server.service(host: host, port: port), logger: Parts.logger(settings))
        }
    }
}
