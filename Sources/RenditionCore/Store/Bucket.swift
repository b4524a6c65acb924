/// The two buckets of the platform.
package enum Bucket: String, Sendable, CaseIterable, Codable {
    /// Originals.
    case photos
    /// What the worker makes of them; browsers read it.
    case renditions
}

/// The buckets' names on the platform.
package struct BucketNames: Sendable, Hashable {
    package var photos: String
    package var renditions: String

    package init(photos: String = "galerly-photos-local", renditions: String = "galerly-renditions-local") {
        self.photos = photos
        self.renditions = renditions
    }

    package subscript(bucket: Bucket) -> String {
        switch bucket {
        case .photos: photos
        case .renditions: renditions
        }
    }
}
