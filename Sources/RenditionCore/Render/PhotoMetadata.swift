/// What a camera wrote about a photo, in the units of the record.
package struct PhotoMetadata: Sendable, Hashable, Codable {
    package var make: String?
    package var model: String?
    package var lens: String?
    package var iso: Int?
    /// The f-number.
    package var aperture: Double?
    /// The exposure time in seconds.
    package var shutterSpeed: Double?
    /// Millimetres, as on the lens.
    package var focalLength: Double?
    /// Exif 2.32 tag 0xA402: 0 auto, 1 manual, 2 auto bracket.
    package var exposureMode: Int?
    /// Exif 2.32 tag 0x9207.
    package var meteringMode: Int?
    /// Exif 2.32 tag 0x9209, a set of bits; bit 0 is "fired".
    package var flash: Int?
    /// Exif 2.32 tag 0xA403: 0 auto, 1 manual.
    package var whiteBalance: Int?
    /// Degrees, north positive.
    package var latitude: Double?
    /// Degrees, east positive.
    package var longitude: Double?
    /// Metres above sea level.
    package var altitude: Double?
    /// ISO 8601; with an offset where the camera wrote one, else local time without any.
    package var dateTaken: String?
    /// As `dateTaken`.
    package var dateDigitized: String?
    /// The copyright notice, which renditions keep.
    package var copyright: String?
    /// The photographer's name, which renditions keep.
    package var artist: String?
    /// The photo's title, as its photographer wrote it.
    package var title: String?
    /// What the photo shows, as its photographer wrote it.
    package var caption: String?
    /// In their order, without repetitions.
    package var keywords: [String] = []
    /// Stars, 1–5; nil where the photo isn't rated or was rejected.
    package var rating: Int?
    /// Whom to name beside the photo, which renditions keep.
    package var credit: String?
    /// What the photo may be used for, which renditions keep.
    package var usageTerms: String?
    /// Whether the original embeds a colour profile.
    package var hasProfile = false
    /// The name of that profile.
    package var profileName: String?
    /// What became of the original's gain map; nil where it has none.
    package var gainMap: GainMapFate?
    /// `PQ` or `HLG` where the original reaches above white, which its renditions can't; nil for every other.
    package var dynamicRange: String?
    /// How far the rendition's colours are from a reference conversion: the mean of CIEDE2000 over a grid. nil where there
    /// is no reference.
    package var deltaE: Double?
    /// What was odd about the original without stopping the work.
    package var warnings: [String] = []

    package init() {}

    /// The record's `camera`, `exif`, `gps`, `timestamps` and `color`. What is unknown is left out.
    package var recordValues: [String: RecordValue] {
        [
            "camera": Self.map([
                "make": make.map(RecordValue.string),
                "model": model.map(RecordValue.string),
                "lens": lens.map(RecordValue.string),
            ]),
            "exif": Self.map([
                "iso": iso.map(RecordValue.integer),
                "aperture": aperture.flatMap { .decimal($0, places: 2) },
                "shutter_speed": shutterSpeed.flatMap { .decimal($0, places: 9) },
                "focal_length": focalLength.flatMap { .decimal($0, places: 2) },
                "exposure_mode": exposureMode.map(RecordValue.integer),
                "metering_mode": meteringMode.map(RecordValue.integer),
                "flash": flash.map(RecordValue.integer),
                "white_balance": whiteBalance.map(RecordValue.integer),
            ]),
            "gps": Self.map([
                "latitude": latitude.flatMap { .decimal($0, places: 7) },
                "longitude": longitude.flatMap { .decimal($0, places: 7) },
                "altitude": altitude.flatMap { .decimal($0, places: 2) },
            ]),
            "timestamps": Self.map([
                "date_taken": dateTaken.map(RecordValue.string),
                "date_digitized": dateDigitized.map(RecordValue.string),
            ]),
            "color": Self.map([
                "has_icc_profile": .bool(hasProfile),
                "profile": profileName.map(RecordValue.string),
                "gain_map": gainMap.map { .string($0.rawValue) },
                "dynamic_range": dynamicRange.map(RecordValue.string),
                "delta_e": deltaE.flatMap { .decimal($0, places: 2) },
                "warnings": warnings.isEmpty ? nil : .list(warnings.map(RecordValue.string)),
            ]),
        ]
    }

    /// What the photographer wrote into the file, by the record's attributes; only what there is. It belongs into a
    /// record whose own attribute is empty.
    package var descriptionValues: [String: RecordValue] {
        [
            "title": title.map(RecordValue.string),
            "description": caption.map(RecordValue.string),
            "tags": keywords.isEmpty ? nil : .list(keywords.map(RecordValue.string)),
            "rating": rating.map(RecordValue.integer),
            "copyright": copyright.map(RecordValue.string),
        ].compactMapValues { $0 }
    }

    /// The keywords that a record takes: at most 200, each at most 100 characters long.
    package static func keywords(_ texts: [String]) -> [String] {
        var seen: Set<String> = []
        let words = texts.map { String($0.drop { $0 == " " }.prefix(100)) }
        return Array(words.filter { !$0.isEmpty && seen.insert($0).inserted }.prefix(200))
    }

    private static func map(_ values: [String: RecordValue?]) -> RecordValue {
        .map(values.compactMapValues { $0 })
    }
}
