import Glibc

/// What a render process took in its life.
package struct RenderProcessUse: Sendable, Hashable {
    /// Photos that it was given to render.
    package var photos: Int
    /// Seconds of processor time.
    package var seconds: Double
    /// The most memory that was its own at once, in bytes.
    package var peak: Int

    init(_ usage: rusage, photos: Int) {
        self.photos = photos
        seconds =
            Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
            + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
        // Linux counts it in KiB.
        peak = Int(usage.ru_maxrss) << 10
    }
}
