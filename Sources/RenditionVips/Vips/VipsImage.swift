import CVips
import RenditionCore

/// An image of libvips: a reference to a lazy pipeline, or to pixels.
///
/// It is owned by one function at a time and never leaves its thread, so it needs no locks and no `Sendable`. An image
/// made from bytes must not outlive them.
struct Image: ~Copyable {
    let handle: UnsafeMutablePointer<VipsImage>

    /// - Parameter handle: A reference that the image takes over.
    init(owning handle: UnsafeMutablePointer<VipsImage>) { self.handle = handle }

    deinit { shim_unref(handle) }

    var size: PixelSize {
        PixelSize(width: Int(vips_image_get_width(handle)), height: Int(vips_image_get_height(handle)))
    }
    var bands: Int { Int(vips_image_get_bands(handle)) }
    var interpretation: VipsInterpretation { vips_image_get_interpretation(handle) }
    var format: VipsBandFormat { vips_image_get_format(handle) }
    var isInteger: Bool { format != VIPS_FORMAT_NOTSET && vips_band_format_isint(format) != 0 }
    /// Whether a pixel is L*a*b* packed into 32 bits, with which libvips can do next to nothing.
    var isLabQ: Bool { vips_image_get_coding(handle) == VIPS_CODING_LABQ }
    var hasAlpha: Bool { vips_image_hasalpha(handle) != 0 }
    /// Exif orientation, 1–8; 1 where the file says nothing.
    var orientation: Int { Int(vips_image_get_orientation(handle)) }
    var bytesPerPixel: Int { bands * Int(vips_format_sizeof_unsafe(format)) }

    /// Another reference to the same image.
    func reference() -> Image {
        shim_ref(handle)
        return Image(owning: handle)
    }

    /// A block of metadata, copied.
    func blob(_ name: String) -> [UInt8]? {
        guard vips_image_get_typeof(handle, name) != 0 else { return nil }
        var data: UnsafeRawPointer?
        var length = 0
        guard vips_image_get_blob(handle, name, &data, &length) == 0, let data else {
            vips_error_clear()
            return nil
        }
        return Array(UnsafeRawBufferPointer(start: data, count: length))
    }

    func hasBlob(_ name: String) -> Bool { vips_image_get_typeof(handle, name) != 0 }

    /// Takes a block of metadata off the image.
    func removeBlob(_ name: String) { vips_image_remove(handle, name) }

    /// Hangs a copy of a block of metadata on the image.
    func setBlob(_ name: String, _ block: [UInt8]) {
        block.withUnsafeBytes { vips_image_set_blob_copy(handle, name, $0.baseAddress, $0.count) }
    }

    /// Computes all pixels into memory of their own.
    func rendered() throws -> Image {
        guard let copy = vips_image_copy_memory(handle) else { throw VipsError("copy_memory") }
        return Image(owning: copy)
    }

    /// All pixels of an 8-bit image, row by row, bands interleaved.
    func pixels() throws -> [UInt8] {
        var length = 0
        guard let memory = vips_image_write_to_memory(handle, &length) else { throw VipsError("write_to_memory") }
        defer { g_free(memory) }
        return Array(UnsafeRawBufferPointer(start: memory, count: length))
    }
}
