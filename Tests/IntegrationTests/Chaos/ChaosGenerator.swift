import Foundation
import RenditionCore
import RenditionTestKit

/// Photographers and their platform: uploads, changes, deletions, and the hook's events in any order.
struct ChaosGenerator: Sendable {
    let target: any ChaosTarget
    let book: ChaosBook

    enum Step: CaseIterable { case upload, uploadAfterHook, broken, hookTwice, overwrite, deleteOriginal, deletePhoto, settings }

    static let samples = ["tiny.jpg", "orientation-1.jpg", "orientation-3.jpg", "orientation-6.jpg", "screenshot.webp"]
    /// The second one changes their settings.
    static let users = ["u", "w"]

    /// Does one thing that platforms do.
    ///
    /// - Returns: a process that goes on beside; nil where there is none.
    func act(_ random: inout SplitMix) async throws -> Command? {
        let step = Self.weighted.randomElement(using: &random) ?? .upload
        let (user, sample) = (Self.users.randomElement(using: &random)!, Self.samples.randomElement(using: &random)!)
        let living = book.photos.filter { $0.fate == .rendered || $0.fate == .failed }
        let one = living.randomElement(using: &random)
        switch step {
        case .upload: try await write(photo(sample, user, &random))
        case .broken: try await write(photo("not-a-photo.jpg", user, &random))
        case .uploadAfterHook:
            let photo = photo(sample, user, &random)
            let hook = try hook([photo.key], patience: 120)
            try await write(photo)
            return hook
        case .hookTwice:
            guard let one else { break }
            return try hook([one.key, one.key])
        case .overwrite:
            guard let one, sample != one.sample else { break }
            book.change(one.id) { ($0.sample, $0.fate) = (sample, .rendered) }
            try await put(sample, as: one.key)
            book.change(one.id)
            return try hook([one.key])
        case .deleteOriginal:
            guard let one else { break }
            book.change(one.id) { $0.fate = .lostOriginal }
            try await target.store.objects.delete(.photos, key: one.key)
            book.change(one.id)
            return try hook([one.id])
        case .deletePhoto:
            guard let one else { break }
            book.change(one.id) { $0.fate = .gone }
            try await target.deleteRecord(one.id)
            try await target.store.objects.delete(.photos, key: one.key)
            for size in RenditionSize.all {
                let key = ObjectKeys.rendition(galleryID: one.galleryID, originalKey: one.key, size: size)
                try await target.store.objects.delete(.renditions, key: key)
            }
            book.change(one.id)
        case .settings:
            let theirs = living.filter { $0.userID == Self.users[1] }
            guard !theirs.isEmpty else { break }
            let brightness = Int.random(in: 7...9, using: &random)
            let settings = Photographer(attributes: [
                "color_adjustments": .map(["brightness": .number("0.\(brightness)")]),
                "watermark_enabled": .bool(Bool.random(using: &random)), "watermark_text": .string("chaos"),
            ])
            for photo in theirs { book.change(photo.id) }
            book.set(settings, of: Self.users[1])
            try await target.keep(settings, as: Self.users[1])
            for photo in theirs { book.change(photo.id) }
            return try hook(theirs.map(\.id))
        }
        return nil
    }

    private static let weighted: [Step] =
        Step.allCases + [.upload, .upload, .upload, .upload, .overwrite, .overwrite, .uploadAfterHook]

    private func photo(_ sample: String, _ user: String, _ random: inout SplitMix) -> ChaosBook.Photo {
        let id = "\(String(random.next(), radix: 16))-\(book.photos.count)"
        let gallery = "gallery-\(user)"
        let key = ObjectKeys.original(galleryID: gallery, photoID: id, filename: sample)
        return ChaosBook.Photo(
            id: id, galleryID: gallery, userID: user, key: key, sample: sample,
            fate: sample == "not-a-photo.jpg" ? .failed : .rendered)
    }

    private func write(_ photo: ChaosBook.Photo) async throws {
        book.add(photo)
        try await put(photo.sample, as: photo.key)
        let new = NewPhoto(
            id: photo.id, galleryID: photo.galleryID, userID: photo.userID, filename: photo.sample,
            fileSize: Corpus.samples.bytes(photo.sample).count)
        try await target.insert(new.record(urls: target.urls, now: ChaosBook.now))
    }

    private func put(_ sample: String, as key: String) async throws {
        let bytes = Corpus.samples.bytes(sample)
        _ = try await target.store.objects.put(
            ObjectUpload(key: key, body: .bytes(bytes), contentType: "image/jpeg"), in: .photos, if: .none)
    }

    private func hook(_ uploads: [String], patience: Int = 5) throws -> Command {
        try Command(
            Renditions.path, ["hook", "--wait", "\(patience)"] + uploads, environment: target.environment(through: nil))
    }
}
