import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

/// A platform with a photographer, workers' stores that tell them by mail, and time that stands still.
final class MailStage: Sendable {
    let platform: AWSPlatform
    let clock = ManualClock()
    let proxy: FaultProxy
    let memory = LogMemory()
    /// The one that sends, through the proxy.
    let store: AWSStore
    private let silence: Duration
    private let others = Mutex<[AWSStore]>([])

    static let silence = Duration.seconds(60)
    static let officeLease = Duration.seconds(15)

    /// - Parameters:
    ///   - isVerified: Whether SES takes mails from the platform's address.
    ///   - silence: What ends a session.
    static func make(
        isVerified: Bool = true, hasPhotographer: Bool = true, silence: Duration = silence
    ) async throws -> MailStage {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let proxy = try await FaultProxy.start(upstream: platform.emulator.endpoint)
        if hasPhotographer { try await platform.enrol(named: "Anna & Ben") }
        let stage = try await MailStage(platform, proxy, silence)
        if isVerified { try await platform.ses.verify(stage.from) }
        _ = try await stage.store.tend()
        return stage
    }

    private init(_ platform: AWSPlatform, _ proxy: FaultProxy, _ silence: Duration) async throws {
        (self.platform, self.proxy, self.silence) = (platform, proxy, silence)
        let setup = try await platform.open()
        await setup.close()
        store = try await Self.open(platform, proxy.endpoint, clock, memory, silence)
    }

    private var from: String { Self.from(platform) }
    private static func from(_ platform: AWSPlatform) -> String { "galerly+\(platform.tables.jobs)@galerly.example" }

    private static func open(
        _ platform: AWSPlatform, _ endpoint: String, _ clock: ManualClock, _ memory: LogMemory,
        _ silence: Duration
    ) async throws -> AWSStore {
        var configuration = platform.configuration(endpoint: endpoint, feed: .none, officeLease: officeLease)
        configuration.mail = MailConfiguration(
            from: try #require(MailAddress(from(platform))), silence: silence, frontend: "https://galerly.example")
        return try await AWSStore.open(configuration, logger: memory.logger, clock: clock)
    }

    /// Another worker's store.
    ///
    /// - Parameter proxy: What its requests go through; nil for straight to the emulator.
    func other(through proxy: FaultProxy? = nil) async throws -> AWSStore {
        let store = try await Self.open(platform, proxy?.endpoint ?? platform.emulator.endpoint, clock, memory, silence)
        others.withLock { $0.append(store) }
        return store
    }

    /// Writes a record that owes renditions.
    func upload(_ id: String, began: Timestamp? = nil) async throws -> PhotoRecord {
        try await put(id, PhotoStatus.processing, began: began)
    }

    /// Settles a photo as a worker does: marks, then writes the record.
    func settle(_ record: PhotoRecord, as status: String = PhotoStatus.active, by store: AWSStore? = nil) async throws {
        try await (store ?? self.store).mail?.mark(record, becoming: status)
        _ = try await put(record.id, status, began: record.owedSince)
    }

    /// Gives a photo up as a worker does.
    ///
    /// - Parameter writes: Whether its record takes the reason.
    func giveUp(_ record: PhotoRecord, writes: Bool = true) async throws {
        let photo = PhotoRef(id: record.id, galleryID: record.galleryID)
        _ = try await store.queue.adopt(photo, lane: .fresh)
        let lease = try #require(try await store.queue.claim(photo.id, owner: "w", lease: .seconds(30)))
        if writes {
            try await settle(record, as: PhotoStatus.failed)
        } else {
            try await store.mail?.mark(record, becoming: PhotoStatus.failed)
        }
        let reason = RenditionError(
            code: "record_refused", stage: .commit, retriable: false, message: "Remove some of its texts.")
        #expect(try await store.queue.bury(lease, error: reason) == .done)
    }

    /// A photo's record as it stands.
    func record(_ id: String) async throws -> PhotoRecord { try #require(try await store.records.record(id)) }

    /// Writes a record of a photo that is shown already.
    func show(_ id: String) async throws { _ = try await put(id, PhotoStatus.active, began: nil) }

    private func put(_ id: String, _ status: String, began: Timestamp?) async throws -> PhotoRecord {
        let now = RecordValue.string(clock.now.iso8601)
        var attributes: [String: RecordValue] = [
            "id": .string(id), "gallery_id": .string("g"), "user_id": .string("u"), "status": .string(status),
            "original_filename": .string("\(id).jpg"), "created_at": now, "updated_at": now,
            "processing_started_at": .string((began ?? clock.now).iso8601),
        ]
        if status == PhotoStatus.active { attributes["processed_at"] = now }
        _ = try await platform.dynamo.put(attributes, into: platform.tables.photos)
        return PhotoRecord(attributes: attributes)
    }

    @discardableResult
    func deliver(by store: AWSStore? = nil) async throws -> [MailOutcome] {
        try await #require((store ?? self.store).mail).deliver { true }.outcomes
    }

    /// The subjects of what was sent, without the gallery's name before them.
    func told() async throws -> [String] {
        try await mails().map { String($0.subject.replacing("“Anna & Ben”: ", with: "")) }
    }

    func mails() async throws -> [Outbox.Mail] {
        try await Outbox(platform.emulator).mails(to: platform.photographersAddress)
    }

    /// The gallery's row; nil where there is none.
    func row() async throws -> [String: RecordValue]? {
        try await platform.dynamo.get(["id": .string("~mail/g")], from: platform.tables.jobs)
    }

    func close() async {
        for store in others.withLock({ $0 }) + [store] { await store.close() }
        await proxy.stop()
        await platform.close()
    }
}
