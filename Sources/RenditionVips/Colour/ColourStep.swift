import CVips
import RenditionCore

/// Brings an image to 8-bit sRGB.
enum ColourStep {
    /// How an image's colours are to be read.
    enum Source: Equatable {
        /// sRGB already, by profile or by default.
        case sRGB
        /// By the profile it embeds.
        case profile
        /// CMYK without a usable profile: by libvips' own.
        case assumedCMYK
        /// L*a*b* under D50, which needs no profile.
        case lab
    }

    /// Decides how to read the colours, and notes in `metadata` what it found.
    static func source(of image: borrowing Image, _ metadata: inout PhotoMetadata) -> Source {
        // TIFF's and Photoshop's L*a*b* is that of the profiles' connection space (TIFF 6.0, section 23).
        if image.interpretation == VIPS_INTERPRETATION_LAB { return .lab }
        let isCMYK = image.interpretation == VIPS_INTERPRETATION_CMYK
        let fallback: Source = isCMYK ? .assumedCMYK : .sRGB
        guard let bytes = image.blob("icc-profile-data") else { return fallback }
        metadata.hasProfile = true
        let profile = ICCProfile(bytes)
        metadata.profileName = profile?.name
        if profile?.isSRGB == true { return .sRGB }
        let usable = bytes.withUnsafeBytes { vips_icc_is_compatible_profile(image.handle, $0.baseAddress, $0.count) }
        guard profile != nil, usable != 0, converts(image, bytes) else {
            vips_error_clear()
            metadata.warnings.append("The embedded colour profile can't be used; the colours were taken as they are.")
            return fallback
        }
        return .profile
    }

    /// The colour space to use: Display P3 only where it was asked for and the original has colours beyond sRGB.
    static func gamut(_ wanted: OutputGamut, for image: borrowing Image, from source: Source) -> OutputGamut {
        guard wanted == .p3 else { return .srgb }
        if source == .lab { return .p3 }
        guard source == .profile, let profile = image.blob("icc-profile-data").flatMap(ICCProfile.init)
        else { return .srgb }
        return profile.isWide ? .p3 : .srgb
    }

    /// Tries the profile on one pixel: some pass every look at them and fail when they are used.
    private static func converts(_ image: borrowing Image, _ profile: [UInt8]) -> Bool {
        do {
            let black = try Operation("black")
            try black.set("width", 1)
            try black.set("height", 1)
            try black.set("bands", image.bands)
            let cast = try Operation("cast")
            try cast.set("in", try black.image())
            try cast.set("format", Int(image.format.rawValue))
            let copy = try Operation("copy")
            try copy.set("in", try cast.image())
            try copy.set("interpretation", Int(image.interpretation.rawValue))
            let pixel = try copy.image()
            profile.withUnsafeBytes { bytes in
                vips_image_set_blob_copy(pixel.handle, "icc-profile-data", bytes.baseAddress, bytes.count)
            }
            _ = try convert(try FlattenStep.onWhite(pixel), from: .profile).rendered()
            return true
        } catch {
            return false
        }
    }

    /// Converts by relative colorimetric intent with black-point compensation.
    static func convert(
        _ image: consuming Image, from source: Source, to gamut: OutputGamut = .srgb
    ) throws -> Image {
        switch source {
        case .sRGB:
            let isDone = image.interpretation == VIPS_INTERPRETATION_sRGB && image.format == VIPS_FORMAT_UCHAR
            guard !isDone || image.bands != 3 else { return image }
            let operation = try Operation("colourspace")
            try operation.set("in", try linearLight(image))
            try operation.set("space", Int(VIPS_INTERPRETATION_sRGB.rawValue))
            return try cast(try operation.image())
        case .profile, .assumedCMYK, .lab:
            return try transform(image, from: source, to: gamut, depth: 8)
        }
    }

    /// Converts as ``convert(_:from:to:)`` does, but in 16 bits and without a shortcut: by the profile even where it looks
    /// like sRGB.
    static func convertCarefully(
        _ image: consuming Image, from source: Source, to gamut: OutputGamut
    ) throws -> Image {
        var source = source
        if source == .sRGB, let profile = image.blob("icc-profile-data"), converts(image, profile) { source = .profile }
        guard source != .sRGB else { return try convert(image, from: source, to: gamut) }
        let deep = try transform(image, from: source, to: gamut, depth: 16)
        let linear = try Operation("linear")
        try linear.set("in", deep)
        try linear.set("a", [1.0 / 257])
        // What goes to bytes is cut off, not rounded.
        try linear.set("b", [0.5])
        try linear.set("uchar", true)
        let copy = try Operation("copy")
        try copy.set("in", try linear.image())
        try copy.set("interpretation", Int(VIPS_INTERPRETATION_sRGB.rawValue))
        return try copy.image()
    }

    private static func transform(
        _ image: consuming Image, from source: Source, to gamut: OutputGamut, depth: Int
    ) throws -> Image {
        if source == .lab { return try LabExport.export(image, to: gamut, depth: depth) }
        let operation = try Operation("icc_transform")
        try operation.set("in", try countable(image))
        try operation.set("output-profile", gamut.rawValue)
        try operation.set("embedded", source == .profile)
        if source == .assumedCMYK { try operation.set("input-profile", "cmyk") }
        try operation.set("intent", Int(VIPS_INTENT_RELATIVE.rawValue))
        try operation.set("black-point-compensation", true)
        try operation.set("depth", depth)
        return try operation.image()
    }

    /// Floating-point values of 0–1 as 16 bits: libvips cuts them off to whole numbers before it applies a profile.
    private static func countable(_ image: consuming Image) throws -> Image {
        guard !image.isInteger else { return image }
        let interpretation =
            switch image.interpretation {
            case VIPS_INTERPRETATION_CMYK: VIPS_INTERPRETATION_CMYK
            case _ where image.bands < 3: VIPS_INTERPRETATION_GREY16
            default: VIPS_INTERPRETATION_RGB16
            }
        let linear = try Operation("linear")
        try linear.set("in", image)
        try linear.set("a", [65535])
        try linear.set("b", [0.5])
        let cast = try Operation("cast")
        try cast.set("in", try linear.image())
        try cast.set("format", Int(VIPS_FORMAT_USHORT.rawValue))
        let copy = try Operation("copy")
        try copy.set("in", try cast.image())
        try copy.set("interpretation", Int(interpretation.rawValue))
        return try copy.image()
    }

    /// How an image's numbers are to be read, for the reference conversion: judged by the file alone, not by ``source(of:_:)``.
    ///
    /// - Returns: nil for kinds of colours without a reference.
    static func reference(for image: borrowing Image) -> ReferenceConversion.Encoding? {
        if let profile = image.blob("icc-profile-data") {
            let encoding = ReferenceConversion.Encoding.profile(profile, bands: image.bands)
            if ReferenceConversion(from: encoding, to: .srgb) != nil { return encoding }
        }
        switch image.interpretation {
        case VIPS_INTERPRETATION_sRGB, VIPS_INTERPRETATION_RGB, VIPS_INTERPRETATION_RGB16: return .encoded
        case VIPS_INTERPRETATION_B_W, VIPS_INTERPRETATION_GREY16: return image.isInteger ? .encoded : .linear
        case VIPS_INTERPRETATION_scRGB: return .linear
        case VIPS_INTERPRETATION_LAB: return .lab
        case VIPS_INTERPRETATION_CMYK:
            return builtIn("cmyk").map { .profile($0, bands: 4) }
        default: return nil
        }
    }

    /// A profile that libvips carries.
    private static func builtIn(_ name: String) -> [UInt8]? {
        var blob: UnsafeMutablePointer<VipsBlob>?
        guard shim_profile_load(name, &blob) == 0, let blob else { return nil }
        defer { shim_blob_unref(blob) }
        var length = 0
        guard let data = vips_blob_get(blob, &length) else { return nil }
        return Array(UnsafeRawBufferPointer(start: data, count: length))
    }

    /// Floating-point pixels are linear light, 0–1, as scRGB has it. libvips takes grey ones for encoded bytes.
    private static func linearLight(_ image: consuming Image) throws -> Image {
        guard !image.isInteger, image.bands == 1 else { return image }
        guard let handle = vips_image_new_matrix_from_array(1, 3, [1, 1, 1], 3) else { throw VipsError("matrix") }
        let recomb = try Operation("recomb")
        try recomb.set("in", image)
        try recomb.set("m", Image(owning: handle))
        let copy = try Operation("copy")
        try copy.set("in", try recomb.image())
        try copy.set("interpretation", Int(VIPS_INTERPRETATION_scRGB.rawValue))
        return try copy.image()
    }

    private static func cast(_ image: consuming Image) throws -> Image {
        guard image.format != VIPS_FORMAT_UCHAR else { return image }
        let operation = try Operation("cast")
        try operation.set("in", image)
        try operation.set("format", Int(VIPS_FORMAT_UCHAR.rawValue))
        return try operation.image()
    }
}
