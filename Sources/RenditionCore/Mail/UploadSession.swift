/// What a gallery's photographer uploaded between two silences, as the gallery's records and their jobs tell it.
///
/// The photos are those that were settled since the session's first one was and after the last mail, and that hadn't owed
/// their renditions before the first of them did; and those that had failed and were settled since then. Renditions that are
/// made anew belong to none. A gallery is added page by
/// page, and of its photos only those are kept that a mail shows.
package struct UploadSession: Sendable, Hashable {
    /// A photo as a mail tells of it.
    package struct Photo: Sendable, Hashable {
        package let id: String
        package let filename: String
        /// The address of its thumbnail; nil where it has none that a mail could show.
        package let thumbnail: String?
        /// The original's upright size; nil where the record tells none.
        package let size: PixelSize?
        /// Why it failed; nil where nobody wrote that down.
        package let reason: String?
        private let uploaded: String

        fileprivate init(_ record: PhotoRecord, reason: String? = nil) {
            (id, filename, size) = (record.id, record.filename, record.size)
            thumbnail = record["thumbnail_url"].flatMap(SessionMail.link)
            self.reason = reason
            uploaded = record["created_at"] ?? ""
        }

        /// Adds it to the first ones in order of upload.
        fileprivate func insert(into photos: inout [Photo], atMost limit: Int) {
            let place = photos.firstIndex { (uploaded, id) < ($0.uploaded, $0.id) } ?? photos.endIndex
            guard place < limit else { return }
            photos.insert(self, at: place)
            if photos.count > limit { photos.removeLast() }
        }
    }

    /// Photos that viewers see.
    package private(set) var ready = 0
    /// Photos that were given up.
    package private(set) var failed = 0
    /// The first ready ones that have a thumbnail, in order of upload.
    package private(set) var pictures: [Photo] = []
    /// The first failed ones, in order of upload.
    package private(set) var failures: [Photo] = []
    /// Photos of the gallery that still owe renditions, whenever they were uploaded.
    package private(set) var owed = 0
    /// Those of them that a worker has, or will have soon.
    package private(set) var awaited = 0
    /// The latest moment at which one of its photos was settled; nil where there is none.
    package private(set) var settledUntil: Timestamp?
    /// Whose it is; nil where no photo of it tells.
    package private(set) var userID: String?

    private let since: Timestamp
    private let again: Set<String>
    private let settledAfter: Timestamp?
    private let now: Timestamp

    /// - Parameters:
    ///   - since: The earliest ``PhotoRecord/owedSince`` of the photos that were settled.
    ///   - again: The ids of photos that had failed and were settled anew, however long ago they began to owe.
    ///   - moment: After which they were settled; nil where nothing is known of it.
    ///   - now: When the gallery is read.
    package init(since: Timestamp, again: Set<String> = [], settledAfter moment: Timestamp?, now: Timestamp) {
        self.since = since
        self.again = again
        settledAfter = moment
        self.now = now
    }

    /// Whether a photo's job has to be known to tell what has become of it.
    package static func needsJob(_ record: PhotoRecord) -> Bool { PhotoStatus.workersOwn.contains(record.status) }

    /// - Parameters:
    ///   - records: Some of the gallery; none twice.
    ///   - jobs: Of those that ``needsJob(_:)``, by their ids, as far as there are any.
    package mutating func add(_ records: [PhotoRecord], jobs: [String: Job]) {
        for record in records {
            switch Standing(record, jobs[record.id], now: now) {
            case .ready(let settled) where isOfSession(record, settled):
                ready += 1
                let photo = Photo(record)
                if photo.thumbnail != nil { photo.insert(into: &pictures, atMost: SessionMail.mostThumbnails) }
                note(record, settled)
            case .failed(let settled, let reason) where isOfSession(record, settled):
                failed += 1
                Photo(record, reason: reason).insert(into: &failures, atMost: SessionMail.mostFailures)
                note(record, settled)
            case .owed(let isAwaited):
                owed += 1
                if isAwaited { awaited += 1 }
            case .ready, .failed, .another: break
            }
        }
    }

    private func isOfSession(_ record: PhotoRecord, _ settled: Timestamp) -> Bool {
        (again.contains(record.id) || (record.owedSince ?? settled) >= since)
            && settledAfter.map { settled > $0 } ?? true
    }

    private mutating func note(_ record: PhotoRecord, _ settled: Timestamp) {
        settledUntil = max(settled, settledUntil ?? settled)
        if userID == nil, record.userID?.isEmpty == false { userID = record.userID }
    }

    /// What to do about it.
    package enum Step: Sendable, Hashable {
        /// Photos are still owed: look again later.
        case wait
        case tell
        /// There is nothing to tell.
        case nothing
    }

    /// For how long a session's photos are waited for; what comes later is told of by itself. So long, too, is a photo waited
    /// for that no worker knows of.
    package static let longestWait = Duration.seconds(86_400)

    /// Decides, without acting.
    ///
    /// - Parameter waited: Since when it is waited for; nil where this is the first look.
    package func step(waitedSince waited: Timestamp?) -> Step {
        if awaited > 0, waited.map({ now - $0 < Self.longestWait }) ?? true { return .wait }
        return ready + failed == 0 ? .nothing : .tell
    }

    /// How long to wait for photos that are owed, where none of them is heard of: from the silence that ends a session,
    /// doubling up to a quarter of an hour.
    ///
    /// - Parameter waits: This wait's number, from 1.
    package static func wait(after waits: Int, silence: Duration) -> Duration {
        Backoff(base: silence, cap: max(.seconds(900), silence), jitter: 0.1).delay(after: waits)
    }
}

extension UploadSession {
    /// What a photo's record and its job say together.
    fileprivate enum Standing {
        case ready(Timestamp)
        case failed(Timestamp, String?)
        case owed(isAwaited: Bool)
        /// Nothing of the worker's doing.
        case another

        init(_ record: PhotoRecord, _ job: Job?, now: Timestamp) {
            let isInWork = job.map { [.queued, .leased].contains($0.state) } == true
            switch record.status {
            case PhotoStatus.active: self = record.settledAt.map(Self.ready) ?? .another
            // It is tried again.
            case PhotoStatus.failed where isInWork: self = .owed(isAwaited: true)
            case PhotoStatus.failed:
                let reason = record.attributes["rendition_error"]?.map?["message"]?.string
                self = record.settledAt.map { .failed($0, reason) } ?? .another
            case PhotoStatus.processing:
                if let job, job.state == .dead, let died = job.dueAt, !record.isChanged(since: died) {
                    // It was given up, and its record couldn't be written.
                    self = .failed(died, job.lastError?.message)
                } else {
                    let isRecent = record.owedSince.map { now - $0 < UploadSession.longestWait } ?? false
                    self = .owed(isAwaited: isInWork || isRecent)
                }
            default: self = .another
            }
        }
    }
}

extension PhotoRecord {
    /// Since when the photo owes renditions, or owed them before it was settled; nil where no date says so.
    package var owedSince: Timestamp? {
        (self["processing_started_at"] ?? self["created_at"]).flatMap(Timestamp.init(iso8601:))
    }

    /// When the worker settled the photo; nil where it didn't, or where the platform has a status of its own for it.
    package var settledAt: Timestamp? {
        switch status {
        case PhotoStatus.active: self["processed_at"].flatMap(Timestamp.init(iso8601:))
        case PhotoStatus.failed: self["updated_at"].flatMap(Timestamp.init(iso8601:))
        default: nil
        }
    }

    /// Whether somebody wrote the record after a moment, so that a photo that was given up then is tried again.
    fileprivate func isChanged(since moment: Timestamp) -> Bool {
        self["updated_at"].flatMap(Timestamp.init(iso8601:)).map { $0 > moment } ?? false
    }
}
