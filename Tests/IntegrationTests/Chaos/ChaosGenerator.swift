import RenditionCore
import RenditionTestKit

/// Photographers and their platform: uploads, changes, deletions, and the hook's events in any order.
struct ChaosGenerator: Sendable {
    let scene: ChaosScene

    private enum Step: CaseIterable {
        case upload, uploadAfterHook, broken, hookTwice, overwrite, deleteOriginal, deletePhoto, settings
    }

    private static let steps: [Step] =
        Step.allCases + [.upload, .upload, .upload, .upload, .overwrite, .overwrite, .uploadAfterHook]
    private static let samples = [
        "tiny.jpg", "orientation-1.jpg", "orientation-3.jpg", "orientation-6.jpg", "screenshot.webp",
    ]
    /// The second one changes their settings.
    private static let users = ["u", "w"]

    /// Does one thing that platforms do.
    ///
    /// - Returns: what the hook has to be told of; nil for nothing.
    func act(_ random: inout SplitMix) async throws -> [String]? {
        let step = Self.steps.randomElement(using: &random)!
        let (user, sample) = (Self.users.randomElement(using: &random)!, Self.samples.randomElement(using: &random)!)
        let (brightness, watermark) = (Int.random(in: 7...9, using: &random), Bool.random(using: &random))
        let id = "\(String(random.next(), radix: 16))-\(scene.book.photos.count)"
        let living = scene.book.photos.filter { $0.fate == .rendered || $0.fate == .failed }
        let one = living.randomElement(using: &random)
        switch (step, one) {
        case (.upload, _): try await scene.upload(ChaosBook.Photo(id, of: user, sample))
        case (.broken, _): try await scene.upload(ChaosBook.Photo(id, of: user, ChaosBook.Photo.broken))
        case (.uploadAfterHook, _):
            let photo = ChaosBook.Photo(id, of: user, sample)
            async let early = try scene.hook([photo.key], patience: 20).wait()
            try await Task.sleep(for: .milliseconds(100))
            try await scene.upload(photo)
            _ = try await early
        case (.hookTwice, let one?): return [one.key, one.key]
        case (.overwrite, let one?) where sample != one.sample:
            try await scene.overwrite(one, with: sample)
            return [one.key]
        case (.deleteOriginal, let one?):
            try await scene.deleteOriginal(one)
            return [one.id]
        case (.deletePhoto, let one?): try await scene.delete(one)
        case (.settings, _):
            let photos = try await scene.set(Self.users[1], brightness: brightness, watermark: watermark)
            return photos.isEmpty ? nil : photos.map(\.id)
        default: break
        }
        return nil
    }
}
