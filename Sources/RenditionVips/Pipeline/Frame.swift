import RenditionCore

/// The pixels of one size: upright, 8 bits, in the output's colours; without sharpening or mark.
///
/// A class only so that an array can hold it; like its image it stays on one thread.
final class Frame {
    let size: RenditionSize
    let image: Image

    init(_ size: RenditionSize, _ image: consuming Image) {
        self.size = size
        self.image = image
    }
}
