import ArgumentParser
import Foundation
import Logging
import RenditionAWS
import RenditionCore
import ServiceLifecycle
import Synchronization

struct HookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hook",
        abstract: "Queues photos that were uploaded: from an event, or by key or id.",
        discussion: """
            The event may come as S3 sends it, or through SNS, SQS or EventBridge. Standard input may hold ids and keys \
            instead, one a line or as a list in JSON. Telling it twice does no harm: a photo is queued once, and what is \
            current isn't rendered again.

              renditions hook < event.json
              renditions hook 'wedding/8c1e…_DSC 1.jpg'
              renditions hook --now PHOTO-ID             # renders it here and prints the URLs
              renditions hook --http 127.0.0.1:9090      # takes POST /hooks/s3 until told to stop

            In AWS Lambda a custom runtime starts it: the program under the name bootstrap.
            """)

    @Argument(help: "Keys of originals, or ids of photos. None: standard input is read.")
    var uploads: [String] = []

    @Option(help: "Seconds to wait for a photo's record, which may be written after the upload.")
    var wait = 10

    @Flag(help: "Render at once, in this process, and tell the URLs.")
    var now = false

    @Option(help: ArgumentHelp("Take hooks over HTTP until told to stop.", valueName: "host:port"))
    var http: String?

    @Flag(help: "Take hooks from AWS Lambda's runtime API.")
    var lambda = false

    @Option(help: "The W3C traceparent of whoever tells; unset, that of the variable TRACEPARENT.")
    var trace: String?

    @Flag(help: "Print one JSON object an upload: key, photo, outcome.")
    var json = false

    @OptionGroup var renderOptions: RenderOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        if !(0...3600).contains(wait) { throw ValidationError("--wait takes a number from 0 to 3600 (s).") }
        if let http, HTTPAddress(http) == nil {
            throw ValidationError("\(http) is no place to listen; it is such as 127.0.0.1:9090.")
        }
        if [!uploads.isEmpty, http != nil, lambda].count(where: { $0 }) > 1 {
            throw ValidationError("Uploads are named here, come over HTTP, or come from Lambda: choose one.")
        }
    }

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            let logger = Parts.logger(settings)
            try await Parts.traced(settings, logger: logger) {
                if let address = http.flatMap(HTTPAddress.init) {
                    try await listen(address, settings, logger)
                } else if lambda {
                    try await serveLambda(settings, logger)
                } else {
                    try await tellOnce(settings, logger)
                }
            }
        }
    }

    // MARK: What was named here

    private func tellOnce(_ settings: Settings, _ logger: Logger) async throws {
        let input = try uploads.isEmpty ? Self.input(in: settings.buckets.photos) : HookInput(uploads)
        let trace = trace ?? ProcessInfo.processInfo.environment["TRACEPARENT"]
        try await withRendering(settings, logger) { store, rendering in
            let run = HookRun(store: store, patience: .seconds(wait), rendering: rendering)
            guard let rendering else { return try tell(try await run.answers(to: input, trace: trace)) }
            let result = Mutex<Result<[HookRun.Answer], any Error>?>(nil)
            // A signal hands back what is in hand, and costs no photo an attempt.
            let service = StoppableService {
                async let ended = rendering.run()
                do {
                    let answers = try await run.answers(to: input, trace: trace)
                    result.withLock { $0 = .success(answers) }
                } catch {
                    result.withLock { $0 = .failure(error) }
                }
                rendering.stop()
                _ = await ended
            } onStop: {
                rendering.stop()
            }
            try await SignalledGroup.run(service, logger: logger)
            if let answers = try result.withLock({ $0 })?.get() { try tell(answers) }
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
                Terminal.print("\(photo)  \(Self.words(answer))  \(answer.key.printable)")
                for (name, url) in (answer.urls ?? [:]).sorted(by: { $0.key < $1.key }) {
                    Terminal.print("    \(name)  \(url)")
                }
            }
        }
        let isIncomplete = answers.contains { $0.outcome == .noRecord || $0.outcome == .failed }
        if isIncomplete { throw Terminal.Status.incomplete }
    }

    private static func words(_ answer: HookRun.Answer) -> String {
        switch answer.outcome {
        case .queued: "queued"
        case .alreadyQueued: "was queued already"
        case .rendered: "rendered"
        case .failed: "failed: \(answer.error?.message.printable ?? "it was taken out of the queue")"
        case .notAnOriginal: "is no original"
        case .noRecord: "has no record"
        }
    }

    // MARK: What comes from elsewhere

    private func listen(_ address: HTTPAddress, _ settings: Settings, _ logger: Logger) async throws {
        try await withRendering(settings, logger) { store, rendering in
            let watched = rendering.map {
                StatusServer.Watched(status: $0.status, owner: "hook", threads: settings.integer(.threads))
            }
            let server = StatusServer(
                store: store, watched: watched, rendering: rendering, address: address,
                secret: settings.given(.httpSecret), bucket: settings.buckets.photos, logger: logger)
            try await HTTPFault.told(address) {
                if let rendering {
                    try await SignalledGroup.run(Self.service(rendering), beside: server.service(), logger: logger)
                } else {
                    try await SignalledGroup.run(server.service(), logger: logger)
                }
            }
        }
    }

    private func serveLambda(_ settings: Settings, _ logger: Logger) async throws {
        guard let endpoint = LambdaRuntime.endpoint else {
            throw SettingError("AWS_LAMBDA_RUNTIME_API is not set: this is no Lambda function.")
        }
        try await withRendering(settings, logger) { store, rendering in
            let runtime = LambdaRuntime(
                endpoint: endpoint, bucket: settings.buckets.photos,
                run: HookRun(store: store, patience: .seconds(wait), rendering: rendering), logger: logger)
            let serving = StoppableService {
                try await cancelWhenGracefulShutdown { try await runtime.serve() }
            } onStop: {
            }
            if let rendering {
                try await SignalledGroup.run(Self.service(rendering), beside: serving, logger: logger)
            } else {
                try await SignalledGroup.run(serving, logger: logger)
            }
        }
    }

    /// Renders until a graceful shutdown, which finishes what is in hand.
    private static func service(_ rendering: ResidentRendering) -> StoppableService {
        StoppableService {
            _ = await rendering.run()
        } onStop: {
            rendering.stop()
        }
    }

    /// Opens the store and, with `--now`, what renders.
    private func withRendering(
        _ settings: Settings, _ logger: Logger, _ body: (any PhotoStore, ResidentRendering?) async throws -> Void
    ) async throws {
        guard now else {
            return try await Parts.withStore(settings.store, settings, creates: false) { try await body($0, nil) }
        }
        let renderer = try Parts.renderer(settings, inProcess: renderOptions.inProcess, logger: logger)
        defer { renderer.close() }
        try await Parts.withStore(settings.store, settings, creates: false) { store in
            try await body(
                store,
                ResidentRendering(
                    store: store, renderer: renderer, configuration: settings.worker(drain: false), logger: logger))
        }
    }
}
