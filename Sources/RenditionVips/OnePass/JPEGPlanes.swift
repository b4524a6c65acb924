import COnePass
import RenditionCore

/// Decodes a JPEG strip by strip into its luma and chroma, as they are in the file.
///
/// It must not outlive the file's bytes, and belongs to one thread.
final class JPEGPlanes {
    private let decoder: OpaquePointer

    /// Opens a file.
    ///
    /// - Parameter limit: Time for the decoding.
    /// - Returns: nil for what isn't YCbCr of 8 bits, or can't be decoded.
    init?(_ bytes: UnsafeRawBufferPointer, within limit: Duration) {
        guard
            let decoder = op_decoder_open(
                bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count, limit.seconds)
        else { return nil }
        self.decoder = decoder
    }

    deinit { op_decoder_close(decoder) }

    /// Begins to decode. Progressive files are read as a whole here.
    ///
    /// - Parameter eighths: The share of the size to decode at.
    /// - Returns: Luma, blue difference, red difference; nil where it fails.
    func start(eighths: Int) -> [op_plane]? {
        guard op_decoder_start(decoder, Int32(eighths)) != 0 else { return nil }
        return (0..<3).map { op_decoder_plane(decoder, Int32($0)) }
    }

    /// Decodes the next strip.
    ///
    /// - Parameter rows: For each plane, where its rows go.
    /// - Returns: Whether it could.
    func strip(into rows: [[UnsafeMutablePointer<UInt8>?]]) -> Bool {
        withRows(rows) { op_decoder_strip(decoder, $0) != 0 }
    }
}

/// Lends the addresses of three planes' rows to C.
func withRows<Result>(
    _ rows: [[UnsafeMutablePointer<UInt8>?]],
    _ body: (UnsafePointer<UnsafePointer<UnsafeMutablePointer<UInt8>?>?>) -> Result
) -> Result {
    let all = rows.flatMap { $0 }
    return all.withUnsafeBufferPointer { all in
        var planes: [UnsafePointer<UnsafeMutablePointer<UInt8>?>?] = []
        var first = 0
        for plane in rows {
            planes.append(all.baseAddress.map { $0 + first })
            first += plane.count
        }
        return planes.withUnsafeBufferPointer { planes in
            // An array of three has an address.
            body(planes.baseAddress!)
        }
    }
}
