import CHeif
import CRaw
import CVips
import RenditionCore

/// Something that this machine's libraries can or can't read, and what Debian package would bring it.
package struct Codec: Sendable, Hashable {
    /// What people call it, such as `HEIC`.
    package var name: String
    package var isThere: Bool
    /// The library behind it with its version; nil where it says none, or is missing.
    package var library: String?
    /// Debian's package, by its name in Debian 12.
    package var package: String

    package init(_ name: String, isThere: Bool, library: String? = nil, package: String) {
        self.name = name
        self.isThere = isThere
        self.library = isThere ? library : nil
        self.package = package
    }

    /// All that originals need, and the watermark's text. libvips must have started. It blocks while it asks ffmpeg.
    package static func all() -> [Codec] {
        let vips = "libvips \(VipsLibrary.version)"
        let heif = "libheif \(String(cString: heif_get_version()))"
        func loads(_ loaders: String...) -> Bool { loaders.contains { vips_type_find("VipsForeignLoad", $0) != 0 } }
        func decodes(_ format: heif_compression_format) -> Bool { heif_have_decoder_for_format(format) != 0 }
        return [
            Codec("JPEG", isThere: true, library: "libjpeg-turbo \(JPEGLibrary.version)", package: "libjpeg62-turbo"),
            Codec("PNG", isThere: loads("pngload_buffer"), library: vips, package: "libvips42"),
            Codec("WebP", isThere: loads("webpload_buffer"), library: vips, package: "libvips42"),
            Codec("TIFF", isThere: loads("tiffload_buffer"), library: vips, package: "libvips42"),
            Codec("GIF", isThere: loads("gifload_buffer"), library: vips, package: "libvips42"),
            Codec("SVG", isThere: loads("svgload_buffer"), library: vips, package: "librsvg2-2"),
            Codec(
                "BMP", isThere: loads("magickload_buffer"), library: "\(vips) with ImageMagick",
                package: "libmagickcore-6.q16-6"),
            // From Debian 13 on decoders are packages of their own.
            Codec("HEIC", isThere: decodes(heif_compression_HEVC), library: heif, package: "libde265-0"),
            Codec("AVIF", isThere: decodes(heif_compression_AV1), library: heif, package: "libaom3"),
            Codec("RAW", isThere: true, library: "LibRaw \(String(cString: libraw_version()))", package: "libraw20"),
            Codec("films", isThere: VideoFile.summary != nil, library: VideoFile.version, package: "ffmpeg"),
            Codec(
                "text watermarks", isThere: vips_type_find("VipsOperation", "text") != 0, library: vips,
                package: "libpango-1.0-0"),
        ]
    }
}
