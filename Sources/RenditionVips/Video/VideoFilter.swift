import RenditionCore

/// The chain of ffmpeg's filters that makes a poster's candidate of a film's frames.
enum VideoFilter {
    /// The frames among which the most typical is chosen. The filter holds all of them at once.
    static let candidates = 24

    /// Frames as they are shown, in sRGB's primaries, of which the most typical is kept.
    static func chain(_ stream: VideoStreams.Stream, to size: PixelSize) -> String {
        var filters: [String] = []
        if ["tt", "bb", "tb", "bt"].contains(stream.fieldOrder) { filters.append("yadif") }
        // Players take high-definition film that doesn't tell for BT.709, smaller one for BT.601.
        let matrix = known(stream.matrix) ?? ((stream.height ?? 0) >= 720 ? "bt709" : "smpte170m")
        if stream.isHDR || stream.isWide {
            filters += mapped(stream, matrix, size)
        } else {
            filters.append(
                "scale=\(size.width):\(size.height):flags=lanczos+accurate_rnd+full_chroma_int"
                    + ":in_color_matrix=\(matrix)")
        }
        filters += ["format=rgb24", "thumbnail=\(candidates)"]
        return filters.joined(separator: ",")
    }

    /// Through linear light, where brightness beyond white is bent down and colours beyond sRGB are brought in.
    private static func mapped(_ stream: VideoStreams.Stream, _ matrix: String, _ size: PixelSize) -> [String] {
        let input = [
            "min=\(matrix == "smpte170m" ? "170m" : matrix == "bt2020nc" ? "2020_ncl" : "709")",
            "pin=\(primaries[stream.primaries ?? ""] ?? "2020")",
            "tin=\(stream.transfer == "smpte2084" ? "smpte2084" : stream.isHDR ? "arib-std-b67" : "709")",
            "rin=\(stream.range == "pc" ? "full" : "limited")",
        ]
        let linear =
            "zscale=w=\(size.width):h=\(size.height):f=lanczos:\(input.joined(separator: ":")):t=linear:npl=203"
        // What was bent down is light on a screen; what wasn't keeps the code values of ordinary film.
        let output = stream.isHDR ? "iec61966-2-1" : "709"
        return [linear, "format=gbrpf32le", "zscale=p=709"]
            + (stream.isHDR ? ["tonemap=mobius:desat=0"] : []) + ["zscale=t=\(output):m=gbr:r=full"]
    }

    /// zscale's names of ffprobe's primaries. HDR film that doesn't tell has those of BT.2020.
    private static let primaries = [
        "bt709": "709", "smpte432": "smpte432", "smpte170m": "170m", "bt470bg": "470bg", "smpte240m": "240m",
    ]

    private static func known(_ value: String?) -> String? {
        guard let value, ["bt709", "smpte170m", "bt470bg", "smpte240m", "fcc", "bt2020nc"].contains(value) else {
            return nil
        }
        return value == "bt2020nc" ? value : value == "bt709" ? value : value == "smpte240m" ? value : "smpte170m"
    }
}
