import CVips
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
    /// Whether the profile stands for colours that the file names in another way.
    private(set) var isProfileImplied = false
    /// The encoding of a photo that reached above white, and was bent down to it by the profile.
    private(set) var dynamicRange: HighDynamicRange?
    /// Whether the pixels are those that the camera encoded, so that what Exif says of their colours holds.
    var isCameraEncoded = false
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

    /// Hangs a profile on the image where the file names its colours in another way.
    mutating func colour(by profile: [UInt8]?) {
        guard let profile else { return }
        image.setBlob("icc-profile-data", profile)
        isProfileImplied = true
    }

    /// Hangs a profile on the image for the colour space that Exif names, where the file embeds none.
    mutating func colour(byExif block: [UInt8]?) {
        guard isCameraEncoded, image.interpretation == VIPS_INTERPRETATION_sRGB, image.blob("icc-profile-data") == nil
        else { return }
        colour(by: block.flatMap(ExifColourSpace.profile))
    }

    /// Hangs a profile on the image for the colours that the file names by numbers.
    mutating func colour(by codePoints: CodePoints?) {
        dynamicRange = codePoints?.dynamicRange
        let isGrey = [VIPS_INTERPRETATION_B_W, VIPS_INTERPRETATION_GREY16].contains(image.interpretation)
        colour(by: codePoints?.profile(isGrey: isGrey))
    }
}
