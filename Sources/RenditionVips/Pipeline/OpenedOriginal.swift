import RenditionCore

/// An original whose container was opened: pixels that are decoded when they are asked for, and what is known of them.
///
/// It must not outlive the original's bytes.
struct OpenedOriginal: ~Copyable {
    /// The pixels as stored. An embedded profile hangs on them as `icc-profile-data`.
    var image: Image
    /// What the header says.
    var probe: PhotoProbe
    /// What was learnt of the photo while its container was opened; nil where the metadata is to be looked for.
    var told: PhotoMetadata?
    /// What was odd about the file without stopping the work.
    var warnings: [String] = []
    /// Keeps alive what the pixels are read from, beside the original's own bytes.
    var memory: AnyObject?

    init(image: consuming Image, probe: PhotoProbe, warnings: [String] = [], memory: AnyObject? = nil) {
        self.image = image
        self.probe = probe
        self.warnings = warnings
        self.memory = memory
    }
}
