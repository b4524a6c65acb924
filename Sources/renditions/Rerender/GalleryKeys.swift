import RenditionCore

/// The keys of galleries' renditions by listing, where that takes fewer requests than asking for each.
actor GalleryKeys {
    private let objects: any ObjectStore
    /// The galleries that were listed last, with their keys; nil for one that was too large.
    private var known: [(gallery: String, keys: Set<String>?)] = []

    /// Keys that one request lists.
    private static let page = 1000
    /// Galleries that are remembered.
    private static let capacity = 8

    init(_ objects: any ObjectStore) { self.objects = objects }

    /// - Parameter most: The most requests that are worth it.
    /// - Returns: nil where it would take more.
    func keys(of gallery: String, atMost most: Int) async throws -> Set<String>? {
        if let found = known.first(where: { $0.gallery == gallery }) { return found.keys }
        guard most > 0 else { return nil }
        var keys: Set<String>? = []
        var pages = 0
        try await objects.list(.renditions, prefix: "renditions/\(gallery)/") { page in
            pages += 1
            keys?.formUnion(page.map(\.key))
            // A full page may be the last; another one is certain only when it came.
            if pages == most, page.count >= Self.page { keys = nil }
            return keys != nil
        }
        if known.count >= Self.capacity { known.removeFirst() }
        known.append((gallery, keys))
        return keys
    }
}
