import CVips
import RenditionCore

/// Opens TIFF files: the page that is the photo, with its numbers as the pipeline counts them.
enum TIFFFile {
    /// - Parameter bytes: They must outlive the image.
    /// - Throws: A final ``RenditionError`` `unsupported` for a kind of TIFF that libvips can't decode, or would decode wrongly.
    static func open(_ bytes: UnsafeRawBufferPointer) throws -> OpenedOriginal {
        let pages = TIFFPages(bytes)
        let place = pages.photo
        guard pages.pages.indices.contains(place) else { throw VipsError("TIFF", "no directory") }
        let page = pages.pages[place]
        try verify(page)
        let operation = try Operation("tiffload_buffer")
        try operation.set("buffer", bytes: bytes)
        try operation.set("page", place)
        try operation.set("access", Int(VIPS_ACCESS_SEQUENTIAL.rawValue))
        try operation.set("fail-on", Int(VIPS_FAIL_ON_ERROR.rawValue))
        let loaded = try operation.image()
        let orientation = loaded.orientation
        let image = try prepared(loaded, page)
        let probe = PhotoProbe(
            format: .tiff, stored: image.size, orientation: orientation, bytesPerPixel: image.bytesPerPixel)
        return OpenedOriginal(image: image, probe: probe)
    }

    // MARK: What can't be shown

    private static func verify(_ page: TIFFPages.Page) throws {
        if let name = unknownCompressions[page.compression] {
            throw RenditionError.unsupported(
                "is a TIFF with \(name) compression", instead: "a TIFF with LZW or ZIP compression, or as a JPEG,")
        }
        guard page.samples <= mostSamples else {
            throw RenditionError.unsupported(
                "is a TIFF with \(page.samples) channels, as instruments write them", instead: "an RGB TIFF or a JPEG")
        }
        if page.photometric == 6, ![7, 50001].contains(page.compression) {
            throw RenditionError.unsupported(
                "is a TIFF with YCbCr colours of a kind that old scanners wrote", instead: "an RGB TIFF or a JPEG")
        }
        if page.isPlanar, page.isTiled, page.samples > 1 {
            throw RenditionError.unsupported(
                "is a TIFF that stores each channel in tiles of its own",
                instead: "a TIFF with interleaved channels, or as a JPEG,")
        }
        let isFloat = page.sampleFormat == 3
        guard isFloat ? page.bits == 32 : [1, 2, 4, 8, 16, 32].contains(page.bits) else {
            throw RenditionError.unsupported(
                "is a TIFF with \(page.bits)\(isFloat ? " floating-point" : "") bits a channel",
                instead: "a TIFF with 8 or 16 bits")
        }
        // Where the alpha isn't the last, libvips divides by another channel; and by the wrong whole where it has 32 bits.
        let extras = page.extraSamples ?? []
        if extras.contains(1), page.bits == 32, !isFloat || extras.count > 1 {
            throw RenditionError.unsupported(
                "is a TIFF with 32 bits a channel and premultiplied transparency",
                instead: "a TIFF with 8 or 16 bits a channel")
        }
        guard [1, 3, 4].contains(page.sampleFormat) || [8, 32844, 32845].contains(page.photometric) else {
            throw RenditionError.unsupported(
                "is a TIFF with numbers below zero or complex ones, as instruments write them",
                instead: "a TIFF with 8 or 16 bits")
        }
    }

    /// More channels than a photo has, with all that Photoshop saves beside them.
    private static let mostSamples = 64

    /// Those of which libtiff's users have no decoder.
    private static let unknownCompressions = [
        33003: "JPEG 2000", 33004: "JPEG 2000", 33005: "JPEG 2000", 34712: "JPEG 2000", 34892: "lossy JPEG",
        50002: "JPEG XL", 52546: "JPEG XL",
    ]

    // MARK: What libvips hands over otherwise

    private static func prepared(_ loaded: borrowing Image, _ page: TIFFPages.Page) throws -> Image {
        if loaded.isLabQ { return try simply("LabQ2Lab", loaded) }
        if loaded.interpretation == VIPS_INTERPRETATION_LABS { return try labFromShorts(loaded, page) }
        var image = loaded.reference()
        if page.extraSamples?.first == 1, !image.isInteger { image = try rescaled(image) }
        if page.photometric == 0, !image.isInteger { image = try inverted(image) }
        image = try withoutExtras(image, page)
        if image.format == VIPS_FORMAT_UINT { image = try narrowed(image) }
        if page.photometric == 9, page.sampleFormat == 1 { image = try labFromICC(image) }
        return image
    }

    private static func simply(_ name: String, _ image: borrowing Image) throws -> Image {
        let operation = try Operation(name)
        try operation.set("in", image)
        return try operation.image()
    }

    /// Keeps the colours and their alpha, and drops what else is stored beside them, such as Photoshop's saved selections.
    ///
    /// What is unspecified is no alpha (TIFF 6.0, section 18). Where more samples than colours are stored and nothing is said of
    /// them, a fourth is taken for one.
    private static func withoutExtras(_ image: consuming Image, _ page: TIFFPages.Page) throws -> Image {
        guard let colours = page.colours, image.bands > colours, let extras = page.extraSamples else { return image }
        let alpha = extras.firstIndex { $0 == 1 || $0 == 2 }.map { colours + $0 }
        guard image.bands > colours + 1 || alpha == nil else { return image }
        let interpretation = image.interpretation
        let kept = try bands(image, 0, colours)
        guard let alpha, alpha < image.bands else { return kept }
        let operation = try Operation("bandjoin")
        try operation.set("in", kept, try bands(image, alpha, 1))
        return try retagged(try operation.image(), interpretation)
    }

    private static func bands(_ image: borrowing Image, _ first: Int, _ count: Int) throws -> Image {
        let operation = try Operation("extract_band")
        try operation.set("in", image)
        try operation.set("band", first)
        try operation.set("n", count)
        return try operation.image()
    }

    private static func retagged(_ image: consuming Image, _ interpretation: VipsInterpretation) throws -> Image {
        let operation = try Operation("copy")
        try operation.set("in", image)
        try operation.set("interpretation", Int(interpretation.rawValue))
        return try operation.image()
    }

    /// libvips divides premultiplied colours by an alpha whose whole it takes for 255, even where it is 1.
    private static func rescaled(_ image: consuming Image) throws -> Image {
        let bands = image.bands
        let operation = try Operation("linear")
        try operation.set("in", image)
        try operation.set("a", (0..<bands).map { $0 == bands - 1 ? 1 : 1 / unpremultipliedWhole })
        try operation.set("b", [Double](repeating: 0, count: bands))
        return try operation.image()
    }

    /// What libvips takes for the whole of a floating-point alpha, found by asking it, since versions differ.
    private static let unpremultipliedWhole: Double = {
        let pixel: [Float] = [1, 1, 1, 1]
        let found = try? pixel.withUnsafeBytes { bytes -> Double in
            guard
                let handle = vips_image_new_from_memory_copy(bytes.baseAddress, bytes.count, 1, 1, 4, VIPS_FORMAT_FLOAT)
            else { throw VipsError("image_new_from_memory") }
            let image = try retagged(Image(owning: handle), VIPS_INTERPRETATION_scRGB)
            let result = try simply("unpremultiply", image).rendered()
            return Double(PixelMemory(result)?.pixel((0, 0)).first ?? 1)
        }
        return found.flatMap { $0 > 0 ? $0 : nil } ?? 1
    }()

    /// From 32 bits to 16.
    private static func narrowed(_ image: consuming Image) throws -> Image {
        let isGrey = image.bands < 3
        let linear = try Operation("linear")
        try linear.set("in", image)
        try linear.set("a", [1.0 / 65537])
        try linear.set("b", [0])
        let cast = try Operation("cast")
        try cast.set("in", try linear.image())
        try cast.set("format", Int(VIPS_FORMAT_USHORT.rawValue))
        return try retagged(
            try cast.image(), isGrey ? VIPS_INTERPRETATION_GREY16 : VIPS_INTERPRETATION_RGB16)
    }

    /// L*a*b* as libvips reads it into 16 bits with a sign, where an alpha's 16 bits have none.
    private static func labFromShorts(_ image: borrowing Image, _ page: TIFFPages.Page) throws -> Image {
        let colours = try simply(
            "LabS2Lab", try retagged(try bands(image, 0, min(3, image.bands)), VIPS_INTERPRETATION_LABS))
        guard image.bands == 4, let kind = page.extraSamples?.first, kind == 1 || kind == 2 else { return colours }
        let unsigned = try Operation("copy")
        try unsigned.set("in", try bands(image, 3, 1))
        try unsigned.set("format", Int(VIPS_FORMAT_USHORT.rawValue))
        let alpha = try Operation("linear")
        try alpha.set("in", try unsigned.image())
        try alpha.set("a", [1.0 / 65535])
        try alpha.set("b", [0])
        let joined = try Operation("bandjoin")
        try joined.set("in", colours, try alpha.image())
        return try retagged(try joined.image(), VIPS_INTERPRETATION_LAB)
    }

    /// Floating-point numbers of which 0 is white: libvips turns only whole ones round.
    private static func inverted(_ image: consuming Image) throws -> Image {
        let operation = try Operation("linear")
        try operation.set("in", image)
        try operation.set("a", [-1])
        try operation.set("b", [1])
        return try operation.image()
    }

    /// L*a*b* as ICC profiles code it: unsigned, with a* and b* counted from the middle (TIFF Technical Note 4).
    private static func labFromICC(_ image: consuming Image) throws -> Image {
        let isDeep = image.format == VIPS_FORMAT_USHORT
        let whole = isDeep ? 65280.0 : 255
        let step = isDeep ? 256.0 : 1
        let alpha = image.bands > 3
        let linear = try Operation("linear")
        try linear.set("in", image)
        try linear.set("a", [100 / whole, 1 / step, 1 / step] + (alpha ? [1 / (isDeep ? 65535 : 255)] : []))
        try linear.set("b", [0, -128, -128] + (alpha ? [0] : []))
        return try retagged(try linear.image(), VIPS_INTERPRETATION_LAB)
    }
}
