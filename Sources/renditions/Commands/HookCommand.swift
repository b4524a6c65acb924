import ArgumentParser
import Foundation
import RenditionAWS
import RenditionCore

struct HookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hook",
        abstract: "Queues photos that were uploaded: from an event, or by key or id.",
        discussion: """
            The event may come as S3 sends it, or through SNS, SQS or EventBridge. Standard input may hold ids and keys \
            instead, one a line or as a list in JSON. Telling it twice does no harm: a \
            photo is queued once, and what is current isn't rendered again.

              renditions hook < event.json
              renditions hook 'wedding/8c1e…_DSC 1.jpg'
            """)

    @Argument(help: "Keys of originals, or ids of photos. None: standard input is read.")
    var uploads: [String] = []

    @Option(help: "Seconds to wait for a photo's record, which may be written after the upload.")
    var wait = 10

    @Option(help: "The W3C traceparent of whoever tells; unset, that of the variable TRACEPARENT.")
    var trace: String?

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
            let input = try uploads.isEmpty ? Self.input(in: settings.buckets.photos) : HookInput(uploads)
            let logger = Parts.logger(settings)
            try await Parts.traced(settings, logger: logger) {
                try await Parts.withStore(settings.store, settings, creates: false) { store in
                    try tell(
                        try await HookRun(store: store, patience: .seconds(wait)).queue(
                            input, trace: trace ?? ProcessInfo.processInfo.environment["TRACEPARENT"]))
                }
            }
        }
    }

    private static func input(in bucket: String) throws -> HookInput {
        do {
            return try HookInput([UInt8](try standardInput(S3Event.longest + 1)), bucket: bucket)
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

    private func tell(_ answers: [HookRun.Answer]) throws {
        for answer in answers {
            if answer.outcome == .noRecord {
                Terminal.complain(
                    "No record names \(answer.key.printable) after \(wait) s. "
                        + "A worker finds the photo once its record is written.")
            }
            if json {
                try Terminal.printJSON(answer)
            } else if let photo = answer.photo {
                let done = answer.outcome == .queued ? "queued" : "was queued already"
                Terminal.print("\(photo)  \(done)  \(answer.key.printable)")
            }
        }
        if answers.contains(where: { $0.outcome == .noRecord }) { throw Terminal.Status.incomplete }
    }
}
