import CExif
import Foundation
import RenditionCore

/// Reads what a camera wrote, through libexif.
///
/// The block is libexif's and stays inside the thread that made it.
struct ExifReader: ~Copyable {
    private let data: UnsafeMutablePointer<ExifData>
    private let order: ExifByteOrder

    /// - Parameter block: An Exif block as image loaders hand it over: some keep the `Exif` marker, some drop it, and
    ///   HEIF files may carry a whole APP1 segment.
    /// - Returns: nil where there is nothing that can be read.
    init?(_ block: [UInt8]) {
        let marker = Array("Exif\0\0".utf8)
        let start = Self.tiffStart(block, marker)
        guard let start, let data = exif_data_new() else { return nil }
        // libexif would otherwise fill in what the standard demands and the camera left out.
        exif_data_unset_option(data, EXIF_DATA_OPTION_FOLLOW_SPECIFICATION)
        exif_data_unset_option(data, EXIF_DATA_OPTION_IGNORE_UNKNOWN_TAGS)
        exif_data_set_option(data, EXIF_DATA_OPTION_DONT_CHANGE_MAKER_NOTE)
        let whole = marker + block[start...]
        whole.withUnsafeBufferPointer { exif_data_load_data(data, $0.baseAddress, UInt32($0.count)) }
        self.data = data
        order = exif_data_get_byte_order(data)
    }

    deinit { exif_data_unref(data) }

    /// Where the TIFF structure begins: at once, behind a marker, or behind an APP1 header and a marker.
    private static func tiffStart(_ block: [UInt8], _ marker: [UInt8]) -> Int? {
        let orders = [Array("II*\0".utf8), Array("MM\0*".utf8)]
        return [0, marker.count, marker.count + 2, marker.count + 4].first { offset in
            offset < block.count && orders.contains { block[offset...].starts(with: $0) }
        }
    }

    /// Everything that the record wants to know.
    func read(into metadata: inout PhotoMetadata) {
        metadata.make = text(EXIF_IFD_0, 0x010F)
        metadata.model = text(EXIF_IFD_0, 0x0110)
        metadata.artist = text(EXIF_IFD_0, 0x013B)
        metadata.copyright = text(EXIF_IFD_0, 0x8298)
        metadata.lens = text(EXIF_IFD_EXIF, 0xA434)
        metadata.iso = iso()
        metadata.aperture = rational(EXIF_IFD_EXIF, 0x829D).flatMap { $0 > 0 ? $0 : nil }
        metadata.shutterSpeed = rational(EXIF_IFD_EXIF, 0x829A).flatMap { $0 > 0 ? $0 : nil }
        metadata.focalLength = rational(EXIF_IFD_EXIF, 0x920A).flatMap { $0 > 0 ? $0 : nil }
        metadata.exposureMode = integer(EXIF_IFD_EXIF, 0xA402)
        metadata.meteringMode = integer(EXIF_IFD_EXIF, 0x9207)
        metadata.flash = integer(EXIF_IFD_EXIF, 0x9209)
        metadata.whiteBalance = integer(EXIF_IFD_EXIF, 0xA403)
        metadata.dateTaken = date(0x9003, offset: 0x9011)
        metadata.dateDigitized = date(0x9004, offset: 0x9012)
        metadata.latitude = coordinate(0x0002, reference: 0x0001, negative: "S", limit: 90)
        metadata.longitude = coordinate(0x0004, reference: 0x0003, negative: "W", limit: 180)
        // A coordinate alone is no place.
        if metadata.latitude == nil || metadata.longitude == nil {
            metadata.latitude = nil
            metadata.longitude = nil
        }
        metadata.altitude = altitude()
    }

    // MARK: Entries

    /// The longest text that is taken over, in characters: a record has an end.
    private static let longestText = 1000

    private func entry(_ directory: ExifIfd, _ tag: UInt32) -> ExifEntry? {
        // The directories are a C array, which Swift sees as a tuple in the order of ExifIfd.
        let contents = [data.pointee.ifd.0, data.pointee.ifd.1, data.pointee.ifd.2, data.pointee.ifd.3]
        guard let content = contents[Int(directory.rawValue)],
            let entry = exif_content_get_entry(content, ExifTag(rawValue: tag)), entry.pointee.data != nil
        else { return nil }
        return entry.pointee
    }

    private func bytes(_ entry: ExifEntry) -> [UInt8] {
        Array(UnsafeBufferPointer(start: entry.data, count: Int(entry.size)))
    }

    /// A text: UTF-8 where it is valid, else Latin-1; without control characters and surrounding space.
    private func text(_ directory: ExifIfd, _ tag: UInt32) -> String? {
        guard let entry = entry(directory, tag) else { return nil }
        // A copyright notice may hold two texts, the photographer's and the editor's, with a zero between.
        let parts = bytes(entry).split(separator: 0).compactMap { part -> String? in
            let decoded =
                String(validating: part, as: UTF8.self)
                ?? String(String.UnicodeScalarView(part.map { Unicode.Scalar($0) }))
            let clean = String(
                String.UnicodeScalarView(decoded.unicodeScalars.filter { $0.properties.generalCategory != .control }))
            let trimmed = clean.trimmingCharacters(in: .whitespaces)
            return trimmed.isEmpty ? nil : String(trimmed.prefix(Self.longestText))
        }
        if tag == 0x8298 { return parts.isEmpty ? nil : parts.joined(separator: "; ") }
        return parts.first
    }

    private func integer(_ directory: ExifIfd, _ tag: UInt32) -> Int? {
        guard let entry = entry(directory, tag), entry.components >= 1 else { return nil }
        switch entry.format {
        case EXIF_FORMAT_SHORT where entry.size >= 2: return Int(exif_get_short(entry.data, order))
        case EXIF_FORMAT_LONG where entry.size >= 4: return Int(exif_get_long(entry.data, order))
        case EXIF_FORMAT_BYTE where entry.size >= 1: return Int(entry.data[0])
        default: return nil
        }
    }

    /// The nth rational, where it is a number: cameras write 0/0 for what they don't know.
    private func rational(_ directory: ExifIfd, _ tag: UInt32, at index: Int = 0) -> Double? {
        guard let entry = entry(directory, tag), Int(entry.size) >= 8 * (index + 1) else { return nil }
        switch entry.format {
        case EXIF_FORMAT_RATIONAL:
            let value = exif_get_rational(entry.data + 8 * index, order)
            return value.denominator == 0 ? nil : Double(value.numerator) / Double(value.denominator)
        case EXIF_FORMAT_SRATIONAL:
            let value = exif_get_srational(entry.data + 8 * index, order)
            return value.denominator == 0 ? nil : Double(value.numerator) / Double(value.denominator)
        default:
            return nil
        }
    }

    // MARK: Values of several entries

    /// The sensitivity. From 65535 on it stands in tags of its own (Exif 2.32, section 4.6.5, 0x8827 ff.).
    private func iso() -> Int? {
        let value = integer(EXIF_IFD_EXIF, 0x8827).flatMap { $0 > 0 ? $0 : nil }
        guard value == nil || value == 65535 else { return value }
        let extended = [0x8832, 0x8831, 0x8833].compactMap { integer(EXIF_IFD_EXIF, UInt32($0)) }.first { $0 > 0 }
        return extended ?? value
    }

    /// ISO 8601 from `YYYY:MM:DD HH:MM:SS` and, where the camera knew it, the offset from UTC.
    private func date(_ tag: UInt32, offset: UInt32) -> String? {
        guard let text = text(EXIF_IFD_EXIF, tag) else { return nil }
        let numbers = text.split { !$0.isASCII || !$0.isNumber }.compactMap { Int($0) }
        guard text.count >= 19, numbers.count >= 6, (1...9999).contains(numbers[0]), (1...12).contains(numbers[1]),
            (1...31).contains(numbers[2]), numbers[3] < 24, numbers[4] < 60, numbers[5] <= 60
        else { return nil }
        let local = String(
            format: "%04d-%02d-%02dT%02d:%02d:%02d", numbers[0], numbers[1], numbers[2], numbers[3], numbers[4],
            numbers[5])
        guard let zone = self.text(EXIF_IFD_EXIF, offset), zone.wholeMatch(of: /[+-]\d\d:\d\d|Z/) != nil else {
            return local
        }
        return local + zone
    }

    /// Degrees from degrees, minutes and seconds; missing minutes or seconds count as none.
    private func coordinate(_ tag: UInt32, reference: UInt32, negative: String, limit: Double) -> Double? {
        guard let degrees = rational(EXIF_IFD_GPS, tag) else { return nil }
        let minutes = rational(EXIF_IFD_GPS, tag, at: 1) ?? 0
        let seconds = rational(EXIF_IFD_GPS, tag, at: 2) ?? 0
        let value = degrees + minutes / 60 + seconds / 3600
        guard value >= 0, value <= limit else { return nil }
        return text(EXIF_IFD_GPS, reference)?.uppercased().hasPrefix(negative) == true ? -value : value
    }

    private func altitude() -> Double? {
        guard let metres = rational(EXIF_IFD_GPS, 0x0006) else { return nil }
        return integer(EXIF_IFD_GPS, 0x0005) == 1 ? -metres : metres
    }
}
