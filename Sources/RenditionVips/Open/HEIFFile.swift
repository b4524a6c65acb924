import CHeif
import CVips
import RenditionCore

/// Opens HEIC, HEIF and AVIF files through libheif itself.
///
/// libvips' own loader fails on some cameras' files that libheif decodes, and libheif 1.15 refuses the telephones' files that
/// ``HEIFRepair`` mends.
enum HEIFFile {
    /// Reads the header.
    static func probe(_ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat) throws -> PhotoProbe {
        let file = try HEIFContext(bytes)
        return file.probe(format)
    }

    /// Decodes the primary image, which libheif does at once and whole.
    static func open(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits
    ) throws -> OpenedOriginal {
        let file = try HEIFContext(bytes)
        let probe = file.probe(format)
        // The limit is looked at again by the caller, but here memory is taken already.
        guard probe.stored.pixels <= limits.pixels else {
            return OpenedOriginal(image: try blank(), probe: probe)
        }
        let image = try file.decode()
        for (name, block) in file.blocks() { image.setBlob(name, block) }
        var opened = OpenedOriginal(image: image, probe: probe)
        // An embedded profile goes before the code points, which then only tell how the pixels are coded.
        if !opened.image.hasBlob("icc-profile-data") { opened.colour(by: file.codePoints) }
        return opened
    }

    private static func blank() throws -> Image {
        let black = try Operation("black")
        try black.set("width", 1)
        try black.set("height", 1)
        return try black.image()
    }
}

/// A file that libheif has parsed, and its primary image.
private final class HEIFContext {
    private let context: OpaquePointer
    private let handle: OpaquePointer
    /// What libheif reads from: it copies nothing.
    private let repaired: [UInt8]?

    /// - Parameter bytes: They must outlive the object.
    init(_ bytes: UnsafeRawBufferPointer) throws {
        guard let context = heif_context_alloc() else { throw VipsError("libheif", "out of memory") }
        self.context = context
        repaired = HEIFRepair.repaired(bytes)
        var handle: OpaquePointer?
        var error: heif_error
        if let repaired {
            // libheif gets a copy here, since an array's address is good for one call only.
            error = repaired.withUnsafeBytes {
                heif_context_read_from_memory(context, $0.baseAddress, $0.count, nil)
            }
        } else {
            error = heif_context_read_from_memory_without_copy(context, bytes.baseAddress, bytes.count, nil)
        }
        if error.code == heif_error_Ok { error = heif_context_get_primary_image_handle(context, &handle) }
        guard error.code == heif_error_Ok, let handle else {
            let failure = HEIFContext.failure(error)
            heif_context_free(context)
            throw failure
        }
        self.handle = handle
    }

    deinit {
        heif_image_handle_release(handle)
        heif_context_free(context)
    }

    private static func failure(_ error: heif_error) -> VipsError {
        VipsError("libheif", error.message.map { String(cString: $0) } ?? "error \(error.code.rawValue)")
    }

    private var isDeep: Bool { heif_image_handle_get_luma_bits_per_pixel(handle) > 8 }
    private var hasAlpha: Bool { heif_image_handle_has_alpha_channel(handle) != 0 }

    /// libheif turns and crops by the file's own properties, whatever the Exif block says.
    func probe(_ format: OriginalFormat) -> PhotoProbe {
        PhotoProbe(
            format: format,
            stored: PixelSize(
                width: Int(heif_image_handle_get_width(handle)), height: Int(heif_image_handle_get_height(handle))),
            orientation: 1, bytesPerPixel: (hasAlpha ? 4 : 3) * (isDeep ? 2 : 1))
    }

    /// Interleaved RGB, with alpha where the file has it; 16 bits where the file has more than 8.
    func decode() throws -> Image {
        guard let options = heif_decoding_options_alloc() else { throw VipsError("libheif", "out of memory") }
        defer { heif_decoding_options_free(options) }
        options.pointee.strict_decoding = 1
        let chroma =
            switch (isDeep, hasAlpha) {
            case (false, false): heif_chroma_interleaved_RGB
            case (false, true): heif_chroma_interleaved_RGBA
            case (true, false): heif_chroma_interleaved_RRGGBB_LE
            case (true, true): heif_chroma_interleaved_RRGGBBAA_LE
            }
        var decoded: OpaquePointer?
        let error = heif_decode_image(handle, &decoded, heif_colorspace_RGB, chroma, options)
        guard error.code == heif_error_Ok, let decoded else { throw Self.failure(error) }
        defer { heif_image_release(decoded) }
        return try Self.copy(decoded, bands: hasAlpha ? 4 : 3, isDeep: isDeep)
    }

    /// Rows in libheif's memory may be padded, and deep values fill only their lower bits.
    private static func copy(_ decoded: OpaquePointer, bands: Int, isDeep: Bool) throws -> Image {
        let (width, height) = (
            Int(heif_image_get_width(decoded, heif_channel_interleaved)),
            Int(heif_image_get_height(decoded, heif_channel_interleaved))
        )
        var stride: Int32 = 0
        let rowBytes = width * bands * (isDeep ? 2 : 1)
        guard let plane = heif_image_get_plane_readonly(decoded, heif_channel_interleaved, &stride), width > 0,
            height > 0, Int(stride) >= rowBytes
        else { throw VipsError("libheif", "no pixels") }
        let bits = Int(heif_image_get_bits_per_pixel_range(decoded, heif_channel_interleaved))
        var packed = [UInt8](unsafeUninitializedCapacity: rowBytes * height) { buffer, count in
            for row in 0..<height {
                UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[(row * rowBytes)...])
                    .copyMemory(
                        from: UnsafeRawBufferPointer(start: plane + row * Int(stride), count: rowBytes))
            }
            count = rowBytes * height
        }
        if isDeep, bits < 16 { widen(&packed, bits: bits) }
        let handle = packed.withUnsafeBytes {
            vips_image_new_from_memory_copy(
                $0.baseAddress, $0.count, Int32(width), Int32(height), Int32(bands),
                isDeep ? VIPS_FORMAT_USHORT : VIPS_FORMAT_UCHAR)
        }
        guard let handle else { throw VipsError("image_new_from_memory") }
        let copy = try Operation("copy")
        try copy.set("in", Image(owning: handle))
        try copy.set(
            "interpretation", Int((isDeep ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_sRGB).rawValue))
        return try copy.image().rendered()
    }

    /// Spreads values of 9 to 15 bits over all 16, so that white stays white.
    private static func widen(_ pixels: inout [UInt8], bits: Int) {
        pixels.withUnsafeMutableBytes { raw in
            for index in raw.bindMemory(to: UInt16.self).indices {
                let value = UInt32(raw.loadUnaligned(fromByteOffset: index * 2, as: UInt16.self))
                let wide = (value << (16 - bits)) | (value >> max(0, 2 * bits - 16))
                raw.storeBytes(of: UInt16(truncatingIfNeeded: wide), toByteOffset: index * 2, as: UInt16.self)
            }
        }
    }

    /// The colour profile, Exif and XMP, by libvips' names.
    func blocks() -> [(String, [UInt8])] {
        var blocks: [(String, [UInt8])] = []
        let size = heif_image_handle_get_raw_color_profile_size(handle)
        if size > 0, size < 64 << 20 {
            var profile = [UInt8](repeating: 0, count: size)
            if heif_image_handle_get_raw_color_profile(handle, &profile).code == heif_error_Ok {
                blocks.append(("icc-profile-data", profile))
            }
        }
        let count = heif_image_handle_get_number_of_metadata_blocks(handle, nil)
        guard count > 0 else { return blocks }
        var ids = [heif_item_id](repeating: 0, count: Int(count))
        _ = heif_image_handle_get_list_of_metadata_block_IDs(handle, nil, &ids, count)
        for id in ids {
            let length = heif_image_handle_get_metadata_size(handle, id)
            guard length > 4, length < 64 << 20, let type = heif_image_handle_get_metadata_type(handle, id) else {
                continue
            }
            var block = [UInt8](repeating: 0, count: length)
            guard heif_image_handle_get_metadata(handle, id, &block).code == heif_error_Ok else { continue }
            switch String(cString: type) {
            // Four bytes say where the TIFF header begins (ISO/IEC 23008-12, annex A.2.1).
            case "Exif": blocks.append(("exif-data", Array(block.dropFirst(4))))
            case "mime": blocks.append(("xmp-data", block))
            default: break
            }
        }
        return blocks
    }

    /// The colours as the file names them by numbers (ITU-T H.273).
    var codePoints: CodePoints? {
        var profile: UnsafeMutablePointer<heif_color_profile_nclx>?
        guard heif_image_handle_get_nclx_color_profile(handle, &profile).code == heif_error_Ok, let profile else {
            return nil
        }
        defer { heif_nclx_color_profile_free(profile) }
        return CodePoints(
            primaries: Int(profile.pointee.color_primaries.rawValue),
            transfer: Int(profile.pointee.transfer_characteristics.rawValue))
    }
}
