import CVips

/// Stops libvips when a photo takes longer than it may.
///
/// libvips asks while it computes pixels; a decoder that hangs inside one call doesn't ask. The object must outlive the
/// image it watches.
final class RenderDeadline {
    private let end: ContinuousClock.Instant
    /// Whether the computation was stopped.
    private(set) var passed = false

    init(after limit: Duration) { end = .now + limit }

    /// The time that is left.
    var rest: Duration { max(.zero, end - .now) }

    /// Watches all computation that starts from this image.
    func watch(_ image: borrowing Image) {
        shim_watch(
            image.handle,
            { context in
                guard let context else { return 0 }
                let deadline = Unmanaged<RenderDeadline>.fromOpaque(context).takeUnretainedValue()
                return deadline.check() ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Looks at the clock between steps: a small photo may be through before libvips asks for the first time.
    ///
    /// - Throws: ``VipsError`` where the time is over.
    func verify() throws {
        if check() { throw VipsError("deadline", "the time is over") }
    }

    private func check() -> Bool {
        if ContinuousClock.now >= end { passed = true }
        return passed
    }
}
