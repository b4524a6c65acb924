import CHeif
import CVips
import RenditionCore

/// Takes an iPhone's gain map out of a HEIC file, where it is an auxiliary image of the primary one.
struct HEIFGainMap: ~Copyable {
    /// The map's values, upright as the file's own properties turn it.
    let map: Image
    /// The map's own packet.
    let packet: XMPPacket?

    /// - Returns: nil where there is none.
    static func find(_ bytes: UnsafeRawBufferPointer) throws -> HEIFGainMap? {
        guard let context = heif_context_alloc() else { throw VipsError("libheif", "out of memory") }
        defer { heif_context_free(context) }
        if let repaired = HEIFRepair.repaired(bytes) {
            try check(
                repaired.withUnsafeBytes { heif_context_read_from_memory(context, $0.baseAddress, $0.count, nil) })
        } else {
            try check(heif_context_read_from_memory_without_copy(context, bytes.baseAddress, bytes.count, nil))
        }
        var primary: OpaquePointer?
        try check(heif_context_get_primary_image_handle(context, &primary))
        guard let primary else { return nil }
        defer { heif_image_handle_release(primary) }
        let filter = Int32(
            bitPattern: UInt32(LIBHEIF_AUX_IMAGE_FILTER_OMIT_ALPHA | LIBHEIF_AUX_IMAGE_FILTER_OMIT_DEPTH))
        let count = heif_image_handle_get_number_of_auxiliary_images(primary, filter)
        guard count > 0 else { return nil }
        var ids = [heif_item_id](repeating: 0, count: Int(min(count, 64)))
        _ = heif_image_handle_get_list_of_auxiliary_image_IDs(primary, filter, &ids, Int32(ids.count))
        for id in ids {
            var handle: OpaquePointer?
            // A broken auxiliary image of another kind is nobody's loss.
            guard heif_image_handle_get_auxiliary_image_handle(primary, id, &handle).code == heif_error_Ok, let handle
            else { continue }
            defer { heif_image_handle_release(handle) }
            guard isGainMap(handle) else { continue }
            // A map is smaller than its picture; a larger one is none.
            let most = (heif_image_handle_get_width(primary), heif_image_handle_get_height(primary))
            guard heif_image_handle_get_width(handle) <= most.0, heif_image_handle_get_height(handle) <= most.1 else {
                throw VipsError("libheif", "a gain map larger than its picture")
            }
            return HEIFGainMap(map: try decode(handle), packet: packet(of: handle))
        }
        return nil
    }

    private static func isGainMap(_ handle: OpaquePointer) -> Bool {
        var type: UnsafePointer<CChar>?
        guard heif_image_handle_get_auxiliary_type(handle, &type).code == heif_error_Ok, let type else { return false }
        defer {
            var used: UnsafePointer<CChar>? = type
            heif_image_handle_free_auxiliary_types(handle, &used)
        }
        return String(cString: type) == AppleGainMap.type
    }

    private static func packet(of handle: OpaquePointer) -> XMPPacket? {
        var id: heif_item_id = 0
        guard heif_image_handle_get_list_of_metadata_block_IDs(handle, "mime", &id, 1) == 1 else { return nil }
        let length = heif_image_handle_get_metadata_size(handle, id)
        guard length > 0, length <= XMPPacket.longest else { return nil }
        var block = [UInt8](repeating: 0, count: length)
        guard heif_image_handle_get_metadata(handle, id, &block).code == heif_error_Ok else { return nil }
        return XMPPacket(block)
    }

    /// The brightness alone: what colours such an image has mean nothing.
    private static func decode(_ handle: OpaquePointer) throws -> Image {
        var decoded: OpaquePointer?
        try check(heif_decode_image(handle, &decoded, heif_colorspace_undefined, heif_chroma_undefined, nil))
        guard let decoded else { throw VipsError("libheif", "no pixels") }
        defer { heif_image_release(decoded) }
        var stride: Int32 = 0
        let (width, height) = (
            Int(heif_image_get_width(decoded, heif_channel_Y)), Int(heif_image_get_height(decoded, heif_channel_Y))
        )
        guard let plane = heif_image_get_plane_readonly(decoded, heif_channel_Y, &stride), width > 0, height > 0,
            Int(stride) >= width, heif_image_get_bits_per_pixel_range(decoded, heif_channel_Y) == 8
        else { throw VipsError("libheif", "a gain map without 8-bit brightness") }
        let packed = [UInt8](unsafeUninitializedCapacity: width * height) { buffer, count in
            for row in 0..<height {
                UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[(row * width)...])
                    .copyMemory(from: UnsafeRawBufferPointer(start: plane + row * Int(stride), count: width))
            }
            count = width * height
        }
        let made = packed.withUnsafeBytes {
            vips_image_new_from_memory_copy($0.baseAddress, $0.count, Int32(width), Int32(height), 1, VIPS_FORMAT_UCHAR)
        }
        guard let made else { throw VipsError("image_new_from_memory") }
        return Image(owning: made)
    }

    private static func check(_ error: heif_error) throws {
        guard error.code == heif_error_Ok else {
            throw VipsError("libheif", error.message.map { String(cString: $0) } ?? "error \(error.code.rawValue)")
        }
    }
}
