import RenditionCore

/// What an original says of itself, by our own look at its bytes before any library sees them.
///
/// Nothing is decoded and hardly anything is copied; every number in the file is taken for a claim. What exceeds a limit is
/// refused here, where it costs nothing: a header of a few bytes can make a decoder take gigabytes, or minutes.
struct Look: Equatable {
    /// The pixels that the largest picture in it declares; nil where it doesn't tell, or is damaged.
    var size: PixelSize?
    /// Frames, pages or tiles. Counting ends beyond the limit.
    var frames = 1
    /// Passes over the pixels. Counting ends beyond the limit.
    var scans = 1
    /// Containers within containers: boxes, directories, elements. Counting ends beyond the limit.
    var nesting = 0
    /// Bytes that its compressed or referenced metadata unpacks to. Unpacking ends beyond the limit.
    var metadata = 0
    /// Bytes that a decoder has to hold at once before the first row of pixels comes out.
    var held = 0
    /// What can't be true of the file, for the operator; nil for nothing.
    var damage: String?

    /// Looks at an original.
    ///
    /// - Parameter limits: Where to stop counting.
    init(_ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits) {
        switch format {
        case .jpeg: self = JPEGLook.look(bytes, limits)
        case .png: self = PNGLook.look(bytes, limits)
        case .gif: self = GIFLook.look(bytes, limits)
        case .webp: self = WebPLook.look(bytes, limits)
        case .bmp: self = BMPHeader.look(bytes)
        case .svg: self = SVGLook.look(bytes, limits)
        case .heif, .avif, .cr3: self = HEIFLook.look(bytes, limits)
        case .tiff: self = TIFFLook.look(bytes, limits)
        // Their directories are read; the pixels that they declare are LibRaw's to find.
        case .cr2, .nef, .arw, .dng, .pef, .srw, .orf, .rw2, .raw:
            nesting = TIFFLook.nesting(bytes, limits)
        // Neither containers of containers, nor opened by a library in this process.
        case .raf, .mp4, .mov, .m4v, .mkv, .avi, .webm: break
        }
    }

    init() {}

    /// Looks at an original and compares what it declares with what it may.
    ///
    /// - Throws: A final ``RenditionError`` of stage `probe`.
    static func verify(_ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits) throws {
        try Look(bytes, format, limits).verify(format, limits)
    }

    private func verify(_ format: OriginalFormat, _ limits: RenderLimits) throws {
        if let size, size.pixels > limits.pixels { throw RenditionError.tooManyPixels(size, limits) }
        if let damage {
            throw RenditionError(
                code: "damaged", stage: .probe, retriable: false,
                message: "This \(format.rawValue) file is damaged or incomplete. Export it again and upload that file.",
                detail: "by its own account: \(damage)")
        }
        if frames > limits.frames {
            throw RenditionError.beyond(
                "too_many_frames", "has more than \(limits.frames) frames, pages or tiles",
                remedy: "Export one of them as a JPEG and upload that file.", "\(frames) or more of them")
        }
        if scans > limits.scans {
            throw RenditionError.beyond(
                "too_many_scans", "is drawn in more than \(limits.scans) passes, which no camera or program does",
                remedy: "Export it as an ordinary JPEG and upload that file.", "\(scans) or more scans")
        }
        if nesting > limits.nesting {
            throw RenditionError.beyond(
                "too_deep", "holds parts within parts more than \(limits.nesting) levels deep",
                remedy: "Export it as an ordinary JPEG and upload that file.", "\(nesting) or more levels")
        }
        if metadata > limits.metadata {
            throw RenditionError.beyond(
                "too_much_metadata",
                "holds packed texts or profiles of more than \(limits.metadata / 1_000_000) MB",
                remedy: "Export it without them and upload that file.", "\(metadata) bytes or more when unpacked")
        }
        if held > limits.memory {
            throw RenditionError.beyond(
                "too_much_memory", "takes more memory to open than one photo may have",
                remedy: "Export it smaller, as an ordinary JPEG without progressive display, and upload that file.",
                "\(held) bytes at once; the limit is \(limits.memory)")
        }
    }
}

extension RenditionError {
    /// A final error about a file that demands more than it may.
    fileprivate static func beyond(
        _ code: String, _ what: String, remedy: String, _ detail: String
    ) -> RenditionError {
        RenditionError(
            code: code, stage: .probe, retriable: false, message: "This file \(what). \(remedy)",
            detail: detail)
    }
}

extension Int {
    /// The product, saturated: each factor is a stranger's.
    func times(_ others: Int...) -> Int {
        others.reduce(self) { product, factor in
            let (value, overflow) = product.multipliedReportingOverflow(by: factor)
            return overflow ? .max : value
        }
    }
}

extension Look {
    /// Takes a picture's size into account: the one of the most pixels counts.
    mutating func add(_ picture: PixelSize) {
        if picture.pixels >= size?.pixels ?? 0 { size = picture }
    }
}
