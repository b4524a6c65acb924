import RenditionCore

/// All that a chaos run left in its store, what was seen of it meanwhile, and what was done to it.
struct Evidence: Sendable {
    /// A photo as its maker knows it.
    struct Photo: Sendable {
        /// How it has to end.
        enum End: Sendable, Hashable {
            /// With these checksums, by the sizes' names.
            case active(recipe: String, checksums: [String: String])
            /// With a reason for the photographer.
            case failed
            /// Its original was deleted: failed, or active as it was before.
            case failedOrActive
            /// Its record was deleted.
            case gone
        }

        var end: End
        var galleryID: String
        var key: String
        /// When its original, its record or its photographer's settings were changed.
        var changes: [ClosedRange<Timestamp>] = []

        func renditionKey(_ size: RenditionSize) -> String {
            ObjectKeys.rendition(galleryID: galleryID, originalKey: key, size: size)
        }
    }

    /// A rendition as it lies in the store.
    struct Stored: Sendable {
        /// SHA-256 of its bytes.
        var checksum: String
        var metadata: [String: String]
    }

    /// A fence that a viewer could have seen.
    struct Sighting: Sendable {
        /// A rendition's key, or a record's id.
        var subject: String
        var fence: Int
    }

    var photos: [String: Photo] = [:]
    var records: [String: PhotoRecord] = [:]
    var jobs: [String: Job] = [:]
    var histories: [String: [JobEvent]] = [:]
    /// By key.
    var renditions: [String: Stored] = [:]
    /// The originals' keys.
    var originals: Set<String> = []
    /// Files that nobody finished.
    var temporaries: [String] = []
    /// In the order in which they were seen.
    var sightings: [Sighting] = []
    /// The workers' reports.
    var reports: [PhotoReport] = []
    var faults: [Fault] = []
}

/// Something that was done to a worker, or to what stands between it and its store.
struct Fault: Sendable, Hashable {
    enum Kind: String, Sendable, CaseIterable {
        /// By a signal; at a step of the worker's own; and the processes that render for it.
        case killed, killPoint, rendererKilled
        case stopped, terminated
        case error500, slowDown, throttled, refused, delayed, replyLost, bodyCut, wrongBytes
        /// Of one worker, and of all.
        case partition, silence
        case clock, storeRestarted, diskFull, diskReadOnly, diskFailed
        /// Not made by anybody: the machine itself stood still; a library ended a process that renders.
        case starved, rendererCrashed
    }

    var kind: Kind
    /// The worker's `host:pid`; nil for what hit all of them.
    var worker: String?
    var from: Timestamp
    var to: Timestamp
}
