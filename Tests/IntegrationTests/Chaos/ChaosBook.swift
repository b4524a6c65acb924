import Foundation
import RenditionCore
import Synchronization

/// What a chaos run did and saw, written down as it goes. Any thread may write.
final class ChaosBook: Sendable {
    /// A photo as the generator made it.
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
        var changes: [Timestamp] = []
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

    /// Notes that a photo changes now.
    func change(_ id: String, _ change: (inout Photo) -> Void = { _ in }) {
        state.withLock { state in
            guard var photo = state.photos[id] else { return }
            change(&photo)
            photo.changes.append(Self.now)
            state.photos[id] = photo
        }
    }

    // MARK: Faults

    var faults: [Fault] { state.withLock { $0.faults } }

    /// - Parameter to: When it is over; nil for at once.
    func note(_ kind: Fault.Kind, _ worker: String?, from: Timestamp = ChaosBook.now, to: Timestamp? = nil) {
        let fault = Fault(kind: kind, worker: worker, from: from, to: to ?? Self.now)
        state.withLock { $0.faults.append(fault) }
    }

    /// Faults by kind, in one line.
    var tally: String {
        let counts = Dictionary(grouping: faults, by: \.kind).mapValues(\.count)
        return Fault.Kind.allCases.compactMap { kind in counts[kind].map { "\(kind.rawValue) \($0)" } }
            .joined(separator: ", ")
    }

    // MARK: Sightings

    var sightings: [Evidence.Sighting] { state.withLock { $0.sightings } }

    func see(_ subject: String, fence: Int) {
        state.withLock { $0.sightings.append(.init(subject: subject, fence: fence)) }
    }
}
