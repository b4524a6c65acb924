import ArgumentParser
import Foundation
import RenditionAWS
import RenditionCore

struct HookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hook",
        abstract: "Queues photos that were uploaded: from an S3 event on standard input, or by key or id.",
        discussion: """
            The event may come as S3 sends it, or through SNS, SQS or EventBridge. Telling it twice does no harm: a \
            photo is queued once, and what is current isn't rendered again.

              renditions hook < event.json
              renditions hook 'wedding/8c1e…_DSC 1.jpg'
            """)

    @Argument(help: "Keys of originals, or ids of photos. None: an S3 event is read from standard input.")
    var uploads: [String] = []

    @Option(help: "Seconds to wait for a photo's record, which may be written after the upload.")
    var wait = 10

    @Flag(help: "Print one JSON object an upload: key, photo, outcome.")
    var json = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        if !(0...3600).contains(wait) { throw ValidationError("--wait takes a number from 0 to 3600 (s).") }
    }

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            let told = uploads.isEmpty ? try Self.event(in: settings.buckets.photos) : uploads.map(Told.init)
            try await Parts.withStore(settings.store, settings, creates: false) { store in
                try await queue(told, UploadHook(store: store, patience: .seconds(wait)))
            }
        }
    }

    /// An upload that the hook was told of.
    private struct Told {
        var name: String
        /// What its key may be; empty for a photo's id.
        var keys: [String]

        /// A key always has a slash, and an id never.
        init(_ argument: String) {
            name = argument
            keys = argument.utf8.contains(UInt8(ascii: "/")) ? [argument] : []
        }

        init(_ upload: S3Event.Upload) {
            name = upload.keys.first ?? ""
            keys = upload.keys
        }
    }

    private struct Answer: Encodable {
        var key: String
        var photo: String?
        var outcome: UploadHook.Outcome
    }

    private static func event(in bucket: String) throws -> [Told] {
        do {
            let event = try S3Event([UInt8](try standardInput(S3Event.longest + 1)))
            return event.uploads.filter { $0.bucket == bucket }.map(Told.init)
        } catch let error as S3Event.Unreadable {
            Terminal.complain(error.description)
            throw Terminal.Status.noInput
        }
    }

    /// What stands on standard input, of which no more is read than so many bytes: whoever sends it may not stop.
    private static func standardInput(_ most: Int) throws -> Data {
        var input = Data()
        while input.count < most, let more = try FileHandle.standardInput.read(upToCount: most - input.count),
            !more.isEmpty
        {
            input += more
        }
        return input
    }

    private func queue(_ told: [Told], _ hook: UploadHook) async throws {
        var missing = 0
        for upload in told {
            let (outcome, photo) =
                upload.keys.isEmpty
                ? try await hook.uploaded(photoID: upload.name) : try await hook.uploaded(keys: upload.keys)
            if outcome == .noRecord {
                missing += 1
                Terminal.complain(
                    "No record names \(upload.name.printable) after \(wait) s. "
                        + "A worker finds the photo once its record is written.")
            }
            if json {
                try Terminal.printJSON(Answer(key: upload.name, photo: photo, outcome: outcome))
            } else if let photo {
                let done = outcome == .queued ? "queued" : "was queued already"
                Terminal.print("\(photo)  \(done)  \(upload.name.printable)")
            }
        }
        if missing > 0 { throw Terminal.Status.incomplete }
    }
}
