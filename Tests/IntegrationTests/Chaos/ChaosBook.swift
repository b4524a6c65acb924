import Foundation
import RenditionCore
import Synchronization

/// What a chaos run did and saw, written down as it goes. Any thread may write.
final class ChaosBook: Sendable {
    /// A photo as its platform made it.
    struct Photo: Sendable {
        /// What becomes of it in the end.
        enum Fate: Sendable, Hashable { case rendered, failed, lostOriginal, gone }

        let id: String
        let galleryID: String
        let userID: String
        let key: String
        /// The sample that its original is now.
        var sample: String
        var fate: Fate
        var changes: [ClosedRange<Timestamp>] = []

        init(_ id: String, of user: String, _ sample: String) {
            self.id = id
            userID = user
            galleryID = "gallery-\(user)"
            key = ObjectKeys.original(galleryID: galleryID, photoID: id, filename: sample)
            self.sample = sample
            fate = sample == Self.broken ? .failed : .rendered
        }

        /// A sample that nobody can render.
        static let broken = "not-a-photo.jpg"
    }

    private struct State {
        var photos: [String: Photo] = [:]
        var faults: [Fault] = []
        var sightings: [Evidence.Sighting] = []
        var settings: [String: Photographer] = [:]
    }

    private let state = Mutex(State())

    static var now: Timestamp { Timestamp(Date()) }

    // MARK: Photos

    var photos: [Photo] { state.withLock { $0.photos.values.sorted { $0.id < $1.id } } }
    func settings(of user: String) -> Photographer? { state.withLock { $0.settings[user] } }

    func add(_ photo: Photo) { state.withLock { $0.photos[photo.id] = photo } }

    func set(_ settings: Photographer, of user: String) { state.withLock { $0.settings[user] = settings } }

    /// Notes that photos change while `action` runs.
    ///
    /// - Parameter change: What becomes of each.
    func change(
        _ ids: [String], to change: (inout Photo) -> Void = { _ in }, by action: () async throws -> Void
    ) async throws {
        let from = Self.now
        state.withLock { state in for id in ids { state.photos[id].map { change(&state.photos[id, default: $0]) } } }
        try await action()
        let span = from...max(from, Self.now)
        state.withLock { state in for id in ids { state.photos[id]?.changes.append(span) } }
    }

    // MARK: Faults

    var faults: [Fault] { state.withLock { $0.faults } }

    /// - Parameter to: When it is over; nil for at once.
    func note(_ kind: Fault.Kind, _ worker: String?, from: Timestamp = ChaosBook.now, to: Timestamp? = nil) {
        let fault = Fault(kind: kind, worker: worker, from: from, to: to ?? Self.now)
        state.withLock { $0.faults.append(fault) }
    }

    // MARK: Sightings

    var sightings: [Evidence.Sighting] { state.withLock { $0.sightings } }

    func see(_ subject: String, fence: Int) {
        state.withLock { $0.sightings.append(.init(subject: subject, fence: fence)) }
    }
}
