import RenditionCore

/// What a re-render is to do: which photos, and how. A run's journal keeps it.
struct RerenderPlan: Sendable, Codable {
    var scope: PhotoScope
    /// When the photo was taken, by `timestamps.date_taken`.
    var taken: MomentRange?
    /// When it was uploaded, by `created_at`.
    var uploaded: MomentRange?
    var status: String?
    /// Only photos of which an object or a field isn't there.
    var missing = false
    /// Only photos that would be rendered by another recipe now. With `missing`: either.
    var stale = false
    /// Whether to render even what is current.
    var force = false
    /// Whether this process renders, and not the fleet.
    var now = false

    /// Whether a record passes what can be judged by it alone.
    func includes(_ record: PhotoRecord) -> Bool {
        if let status, record.status != status { return false }
        if let uploaded, !uploaded.contains(record["created_at"]) { return false }
        if let taken, !taken.contains(record.attributes["timestamps"]?.map?["date_taken"]?.string) { return false }
        return true
    }

    /// Whether workers are told to render what is current by its recipe: that says nothing of fields that aren't there.
    var rendersCurrent: Bool { force || missing }

    var note: JobNote { JobNote(isForced: rendersCurrent) }
}
