import RenditionCore

/// A JPEG's frame header, enough to tell what libjpeg can't decode (ITU-T T.81, annex B).
struct JPEGHeader {
    /// The number of the frame's marker: 0xC0 for baseline, 0xC2 for progressive, and so on (table B.1).
    let marker: UInt8
    /// Bits a channel.
    let precision: Int

    /// - Returns: nil where no frame begins before the pixels do.
    init?(_ bytes: UnsafeRawBufferPointer) {
        var place = 2
        while let prefix = bytes.big(place, 1), let marker = bytes.big(place + 1, 1) {
            // Any number of fill bytes may stand before a marker.
            if marker == 0xFF {
                place += 1
                continue
            }
            guard prefix == 0xFF, marker != 0xDA, marker != 0xD9, let length = bytes.big(place + 2, 2) else {
                return nil
            }
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                guard let precision = bytes.big(place + 4, 1) else { return nil }
                self.marker = UInt8(marker)
                self.precision = precision
                return
            }
            place += 2 + length
        }
        return nil
    }

    /// - Throws: A final ``RenditionError`` `unsupported` for a kind of JPEG that libjpeg can't decode.
    static func verify(_ bytes: UnsafeRawBufferPointer) throws {
        guard let header = JPEGHeader(bytes) else { return }
        switch header.marker {
        // Baseline, extended and progressive, each with Huffman's or arithmetic coding.
        case 0xC0, 0xC1, 0xC2, 0xC9, 0xCA: break
        case 0xC3, 0xCB: throw RenditionError.unsupported("is a lossless JPEG of the kind that medical devices write")
        default: throw RenditionError.unsupported("is a hierarchical JPEG, which hardly any program can show")
        }
        guard header.precision == 8 else {
            throw RenditionError.unsupported(
                "is a JPEG with \(header.precision) bits a channel, where programs can show 8",
                instead: "an ordinary JPEG or a 16-bit TIFF")
        }
    }
}

extension RenditionError {
    /// A final error about a kind of file that can't be shown.
    ///
    /// - Parameters:
    ///   - what: What it is, as the end of a sentence that begins with "This file".
    ///   - instead: What to upload in its place.
    static func unsupported(_ what: String, instead: String = "an ordinary JPEG") -> RenditionError {
        RenditionError(
            code: "unsupported", stage: .probe, retriable: false,
            message: "This file \(what). Export it as \(instead) and upload that file.")
    }
}
