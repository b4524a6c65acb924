import Foundation
import RenditionCore

/// What `ffprobe` tells of a film, as far as its poster needs it.
struct VideoStreams: Decodable {
    /// The pictures to show: the first stream that isn't a cover.
    var pictures: Stream? { streams.first { $0.type == "video" && $0.disposition?.isCover != 1 } }

    /// Seconds; nil where the container doesn't tell.
    var duration: Double? {
        [format?.duration, pictures?.duration].compactMap { $0.flatMap(Double.init) }.first { $0 > 0 && $0.isFinite }
    }

    private let streams: [Stream]
    let format: Format?

    struct Format: Decodable {
        let duration: String?
        let tags: [String: String]?
    }

    struct Stream: Decodable {
        let index: Int
        let type: String?
        let codec: String?
        let width: Int?
        let height: Int?
        let aspect: String?
        let fieldOrder: String?
        let range: String?
        let matrix: String?
        let transfer: String?
        let primaries: String?
        let duration: String?
        let disposition: Disposition?
        let sideData: [SideData]?

        enum CodingKeys: String, CodingKey {
            case index, width, height, duration, disposition
            case type = "codec_type"
            case codec = "codec_name"
            case aspect = "sample_aspect_ratio"
            case fieldOrder = "field_order"
            case range = "color_range"
            case matrix = "color_space"
            case transfer = "color_transfer"
            case primaries = "color_primaries"
            case sideData = "side_data_list"
        }

        struct Disposition: Decodable {
            let isCover: Int?
            enum CodingKeys: String, CodingKey { case isCover = "attached_pic" }
        }

        struct SideData: Decodable {
            let rotation: Double?
        }

        /// The frames as a player shows them: square pixels, upright. nil where the stream doesn't tell.
        var shown: PixelSize? {
            guard let width, let height, width > 0, height > 0 else { return nil }
            let parts = (aspect ?? "").split(separator: ":").compactMap { Double($0) }
            let ratio = parts.count == 2 && parts[1] > 0 ? parts[0] / parts[1] : 1
            // Anything beyond is a mistake of the file's, not a format.
            let stretch = (0.2...5).contains(ratio) ? ratio : 1
            let size = PixelSize(width: max(1, Int((Double(width) * stretch).rounded())), height: height)
            let turns = Int(((sideData?.compactMap(\.rotation).first ?? 0) / 90).rounded())
            return turns % 2 == 0 ? size : size.transposed
        }

        /// Light beyond what an ordinary screen shows (ITU-R BT.2100).
        var isHDR: Bool { transfer == "smpte2084" || transfer == "arib-std-b67" }

        /// Colours of another space than an ordinary screen's.
        var isWide: Bool { primaries == "bt2020" || primaries == "smpte432" }
    }
}
