import CRaw
import CVips
import Glibc
import RenditionCore

/// Opens a camera's RAW file through LibRaw: the camera's own full-size picture where there is one, which is what the
/// photographer saw on the camera; else the developed sensor data.
enum RawFile {
    /// Reads the header. Nothing is developed.
    static func probe(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits
    ) throws -> PhotoProbe {
        let file = try decoder(bytes, format, limits)
        return try preview(of: file, format, limits)?.probe ?? file.developedProbe(format)
    }

    /// - Parameter bytes: They must outlive the image.
    static func open(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits
    ) throws -> OpenedOriginal {
        let file = try decoder(bytes, format, limits)
        if let preview = try preview(of: file, format, limits) { return preview }
        let probe = file.developedProbe(format)
        return OpenedOriginal(image: try file.developed(), probe: probe)
    }

    /// Looks at the file, has LibRaw parse it, and looks at the sensor's size that it found.
    private static func decoder(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits
    ) throws -> RawDecoder {
        try Look.verify(bytes, format, limits)
        let file = try RawDecoder(bytes, limits)
        guard file.size.pixels <= limits.pixels else { throw RenditionError.tooManyPixels(file.size, limits) }
        return file
    }

    /// The embedded picture, where it is large enough for every rendition or as large as the photo.
    private static func preview(
        of file: RawDecoder, _ format: OriginalFormat, _ limits: RenderLimits
    ) throws -> OpenedOriginal? {
        guard let block = file.preview(), block.bytes.starts(with: [0xFF, 0xD8, 0xFF]) else { return nil }
        guard let opened = try? PictureFile.open(block.bytes, .jpeg, limits) else {
            vips_error_clear()
            return nil
        }
        let (size, sensor) = (opened.probe.stored, file.size)
        let needed = min(RenditionSize.large.box.width, max(sensor.width, sensor.height) * 9 / 10)
        guard max(size.width, size.height) >= needed else { return nil }
        // A preview that stands the other way round than the sensor was turned by the camera.
        let isTurned = (size.width > size.height) != (sensor.width > sensor.height)
        let probe = PhotoProbe(
            format: format, stored: size, orientation: isTurned ? 1 : file.orientation,
            bytesPerPixel: opened.probe.bytesPerPixel)
        var preview = OpenedOriginal(image: opened.image.reference(), probe: probe, memory: block)
        preview.isCameraEncoded = true
        return preview
    }
}

/// A RAW file that LibRaw has parsed. It stays on one thread.
private final class RawDecoder {
    private let raw: UnsafeMutablePointer<libraw_data_t>
    private let deadline: Deadline

    /// When to stop; LibRaw asks between its steps.
    private final class Deadline {
        let end: ContinuousClock.Instant
        init(_ limit: Duration) { end = .now + limit }
    }

    /// - Parameter bytes: They must outlive the object.
    init(_ bytes: UnsafeRawBufferPointer, _ limits: RenderLimits) throws {
        guard let raw = libraw_init(0) else { throw VipsError("LibRaw", "out of memory") }
        self.raw = raw
        deadline = Deadline(limits.time)
        libraw_set_progress_handler(
            raw,
            { context, _, _, _ in
                guard let context else { return 0 }
                let deadline = Unmanaged<Deadline>.fromOpaque(context).takeUnretainedValue()
                return ContinuousClock.now >= deadline.end ? 1 : 0
            }, Unmanaged.passUnretained(deadline).toOpaque())
        // As the camera set its white balance; sRGB with its own curve; turned by the pipeline, like every photo.
        raw.pointee.params.use_camera_wb = 1
        raw.pointee.params.output_color = 1
        raw.pointee.params.output_bps = 16
        raw.pointee.params.gamm.0 = 1 / 2.4
        raw.pointee.params.gamm.1 = 12.92
        raw.pointee.params.user_flip = 0
        try check(libraw_open_buffer(raw, UnsafeMutableRawPointer(mutating: bytes.baseAddress), bytes.count))
    }

    deinit { libraw_close(raw) }

    var size: PixelSize {
        PixelSize(width: Int(raw.pointee.sizes.width), height: Int(raw.pointee.sizes.height))
    }

    /// Exif's number for the turn that LibRaw found.
    var orientation: Int {
        switch raw.pointee.sizes.flip {
        case 3: 3
        case 5: 8
        case 6: 6
        default: 1
        }
    }

    /// Whether each side can be halved without falling below what the largest rendition needs: one pixel for each square
    /// of four sensor cells, which needs no guess at the missing colours.
    private var isHalved: Bool { max(size.width, size.height) / 2 >= RenditionSize.large.box.width }

    func developedProbe(_ format: OriginalFormat) -> PhotoProbe {
        let stored = isHalved ? PixelSize(width: (size.width + 1) / 2, height: (size.height + 1) / 2) : size
        return PhotoProbe(format: format, stored: stored, orientation: orientation, bytesPerPixel: 6)
    }

    /// The camera's own JPEG, copied; nil where there is none.
    func preview() -> PreviewBytes? {
        guard libraw_unpack_thumb(raw) == 0, raw.pointee.thumbnail.tformat == LIBRAW_THUMBNAIL_JPEG,
            let data = raw.pointee.thumbnail.thumb
        else { return nil }
        let length = Int(raw.pointee.thumbnail.tlength)
        return length > 0 ? PreviewBytes(copying: UnsafeRawBufferPointer(start: data, count: length)) : nil
    }

    /// 16-bit sRGB, turned as the sensor was.
    func developed() throws -> Image {
        raw.pointee.params.half_size = isHalved ? 1 : 0
        try check(libraw_unpack(raw))
        try check(libraw_dcraw_process(raw))
        var status: Int32 = 0
        guard let made = libraw_dcraw_make_mem_image(raw, &status) else {
            throw VipsError("LibRaw", status == ENOMEM ? "out of memory" : "no pixels (\(status))")
        }
        defer { libraw_dcraw_clear_mem(made) }
        let (width, height, bands) = (
            Int32(made.pointee.width), Int32(made.pointee.height), Int32(made.pointee.colors)
        )
        let pixels = UnsafeRawPointer(made) + (MemoryLayout<libraw_processed_image_t>.offset(of: \.data) ?? 0)
        guard made.pointee.type == LIBRAW_IMAGE_BITMAP, made.pointee.bits == 16, bands == 3 || bands == 1,
            Int(made.pointee.data_size) >= Int(width) * Int(height) * Int(bands) * 2
        else { throw VipsError("LibRaw", "no pixels") }
        let handle = vips_image_new_from_memory_copy(
            pixels, Int(made.pointee.data_size), width, height, bands, VIPS_FORMAT_USHORT)
        guard let handle else { throw VipsError("image_new_from_memory") }
        let copy = try Operation("copy")
        try copy.set("in", Image(owning: handle))
        try copy.set(
            "interpretation", Int((bands == 3 ? VIPS_INTERPRETATION_RGB16 : VIPS_INTERPRETATION_GREY16).rawValue))
        return try copy.image().rendered()
    }

    /// - Throws: What a status of LibRaw means.
    private func check(_ status: Int32) throws {
        guard status != 0 else { return }
        let text = String(cString: libraw_strerror(status))
        switch LibRaw_errors(rawValue: status) {
        case LIBRAW_FILE_UNSUPPORTED, LIBRAW_NOT_IMPLEMENTED:
            let camera = [raw.pointee.idata.make, raw.pointee.idata.model].map(Self.text).filter { !$0.isEmpty }
                .joined(separator: " ")
            throw RenditionError(
                code: "unsupported", stage: .probe, retriable: false,
                message: "This file is a RAW of a camera that we don't know "
                    + "yet\(camera.isEmpty ? "" : " (\(camera))"). Upload a JPEG of it, or a DNG.",
                detail: "LibRaw \(String(cString: libraw_version())): \(text)")
        case LIBRAW_CANCELLED_BY_CALLBACK where ContinuousClock.now >= deadline.end:
            throw RenditionError(
                code: "too_slow", stage: .render, retriable: true,
                message: "This photo took too long to develop. It will be tried again; if that fails, upload a JPEG.",
                detail: text)
        default:
            throw VipsError("LibRaw", text)
        }
    }

    /// A camera's name in a C array of 64 characters. The file says what it is: only what names are made of is kept.
    private static func text<Characters>(_ characters: Characters) -> String {
        withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            .filter { $0.isLetter || $0.isNumber || " -_.+".contains($0) }
    }
}

/// An embedded picture's bytes, which stay where they are for as long as the object lives.
final class PreviewBytes {
    let bytes: UnsafeRawBufferPointer

    init(copying source: UnsafeRawBufferPointer) {
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: source.count, alignment: 16)
        copy.copyMemory(from: source)
        bytes = UnsafeRawBufferPointer(copy)
    }

    deinit { bytes.deallocate() }
}
