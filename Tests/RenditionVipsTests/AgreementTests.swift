import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// Exiftool's opinion of files that nobody here made, against ours.
@Suite("Agreement with exiftool", .enabled(if: FileManager.default.fileExists(atPath: Corpus.publicFolder)))
struct AgreementTests {
    /// exiftool's names of what photographers upload.
    private static let formats: Set<String> = [
        "JPEG", "PNG", "WEBP", "HEIC", "HEIF", "AVIF", "TIFF", "GIF", "CR2", "CR3", "NEF", "ARW", "DNG", "RAF", "ORF",
        "RW2", "PEF", "SRW",
    ]

    /// What a field came out as in the files.
    private struct Count {
        var agree = 0
        var absent = 0
        /// Of those that exiftool has.
        var differ: [String] = []
        var missing: [String] = []
        /// Found by us alone.
        var extra: [String] = []

        var known: Int { agree + differ.count + missing.count }
        var share: Double { known == 0 ? 1 : Double(agree) / Double(known) }
    }

    @Test func whatCamerasWroteIsRead() async throws {
        let files = try await Self.files()
        #expect(files.count >= 100)
        var counts: [String: Count] = [:]
        for tags in files {
            guard let path = tags["SourceFile"] as? String, let data = FileManager.default.contents(atPath: path) else {
                continue
            }
            let values = data.withUnsafeBytes { OriginalMetadata.read($0).values }
            for field in Field.all {
                let (found, expected) = (field.found(values), field.expected(tags))
                var count = counts[field.name, default: Count()]
                let name = path.dropFirst(Corpus.publicFolder.count + 1)
                switch (found, expected) {
                case (nil, nil): count.absent += 1
                case (let found?, nil): count.extra.append("\(name): \(found)")
                case (nil, let expected?): count.missing.append("\(name): exiftool \(expected)")
                case (let found?, let expected?):
                    if field.same(found, expected) {
                        count.agree += 1
                    } else {
                        count.differ.append("\(name): \(found), exiftool \(expected)")
                    }
                }
                counts[field.name] = count
            }
        }

        var table = MeasureTable(
            "Metadata of \(files.count) public files beside exiftool",
            columns: ["field", "agree", "differ", "missing", "extra", "absent", "share"])
        for field in Field.all {
            let count = counts[field.name, default: Count()]
            let numbers = [count.agree, count.differ.count, count.missing.count, count.extra.count, count.absent]
            table.add([field.name] + numbers.map(String.init) + ["\((100 * count.share).digits(2)) %"])
        }
        try table.write("agreement")
        print(table.text)
        for field in Field.all {
            let count = counts[field.name, default: Count()]
            for line in count.differ { print("differs: \(field.name): \(line)") }
            for line in count.missing { print("missing: \(field.name): \(line)") }
            for line in count.extra { print("extra: \(field.name): \(line)") }
            #expect(count.known > 0, "\(field.name) was in no file")
            #expect(count.share >= 0.99, "\(field.name): \(count.differ + count.missing)")
        }
    }

    /// What exiftool reads without complaint, minor ones aside. A file that is damaged has no right answer.
    private static func files() async throws -> [[String: Any]] {
        let tags =
            [
                "Make", "Model", "LensModel", "Lens", "LensType", "ISO", "FNumber#", "Aperture#", "ExposureTime#",
                "ShutterSpeed#",
            ]
            + ["FocalLength#", "DateTimeOriginal", "OffsetTimeOriginal", "GPSLatitude#", "GPSLongitude#"]
            + ["FileType", "Warning", "Error"]
        let result = try await Command.run(
            "exiftool",
            ["-r", "-ext", "*", "-j", "-a", "-G1", "-q", "-q"] + tags.map { "-\($0)" } + [Corpus.publicFolder])
        let list = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]] ?? []
        let guessed = try await Self.guessedPlaces(list)
        return list.map { tags in
            guessed.contains(tags["SourceFile"] as? String ?? "") ? tags.filter { !$0.key.contains("GPS") } : tags
        }.filter { tags in
            formats.contains(tags["File:FileType"] as? String ?? "") && tags["ExifTool:Error"] == nil
                && (tags["ExifTool:Warning"] as? String)?.lowercased().hasPrefix("[minor]") != false
                && Field.all.contains { $0.expected(tags) != nil }
        }
    }

    /// The files whose places are no fractions, by exiftool's own check: what it makes of those is a guess.
    private static func guessedPlaces(_ list: [[String: Any]]) async throws -> Set<String> {
        let paths = list.filter { $0["Composite:GPSLatitude"] != nil }.compactMap { $0["SourceFile"] as? String }
        let result = try await Command.run(
            "exiftool", ["-j", "-a", "-G4", "-q", "-q", "-validate", "-Warning"] + paths)
        let checked = try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [[String: Any]] ?? []
        let complained = checked.filter { tags in
            tags.values.contains { "\($0)".hasPrefix("Non-standard format") && "\($0)".hasSuffix("GPSLatitude") }
        }
        return Set(complained.compactMap { $0["SourceFile"] as? String })
    }
}

/// One thing that the record says about a photo.
private struct Field {
    enum Value: CustomStringConvertible {
        case text(String)
        case number(Double)
        case place(Double, Double)

        var description: String {
            switch self {
            case .text(let text): text
            case .number(let number): "\(number)"
            case .place(let latitude, let longitude): "\(latitude) \(longitude)"
            }
        }
    }

    var name: String
    var found: (PhotoMetadata) -> Value?
    var expected: ([String: Any]) -> Value?
    /// Of the number's own size.
    var tolerance = 1e-4

    static var all: [Field] {
        [
            Field(name: "make", found: { $0.make.map(Value.text) }, expected: { text($0, "Make") }),
            Field(name: "model", found: { $0.model.map(Value.text) }, expected: { text($0, "Model") }),
            // Panasonic keeps the lens's name under "type", where others have a number.
            Field(
                name: "lens", found: { $0.lens.map(Value.text) },
                expected: {
                    text($0, "LensModel") ?? text($0, "Lens", first: ["XMP-aux"])
                        ?? ($0["Panasonic:LensType"] as? String).map(Value.text)
                }),
            Field(name: "iso", found: { $0.iso.map { .number(Double($0)) } }, expected: { number($0, "ISO") }),
            // Older cameras write these in stops, which don't hold all digits.
            Field(
                name: "aperture", found: { $0.aperture.map(Value.number) },
                expected: { number($0, "FNumber") ?? number($0, "Aperture") }, tolerance: 1e-3),
            Field(
                name: "shutter", found: { $0.shutterSpeed.map(Value.number) },
                expected: { number($0, "ExposureTime") ?? number($0, "ShutterSpeed") }, tolerance: 1e-3),
            Field(
                name: "focal length", found: { $0.focalLength.map(Value.number) },
                expected: { number($0, "FocalLength") }),
            Field(name: "capture time", found: { $0.dateTaken.map(Value.text) }, expected: date),
            Field(
                name: "gps",
                found: { values in values.latitude.flatMap { y in values.longitude.map { .place(y, $0) } } },
                expected: { tags in
                    // Exif's, with the sign of north and south, east and west; else XMP's.
                    let group = tags["Composite:GPSLatitude"] == nil ? "XMP-exif" : "Composite"
                    func degrees(_ name: String) -> Double? { tags["\(group):\(name)"].flatMap { Double("\($0)") } }
                    guard let y = degrees("GPSLatitude"), let x = degrees("GPSLongitude") else { return nil }
                    return .place(y, x)
                }),
        ]
    }

    func same(_ found: Value, _ expected: Value) -> Bool {
        switch (found, expected) {
        case (.text(let a), .text(let b)): Self.plain(a) == Self.plain(b)
        case (.number(let a), .number(let b)): abs(a - b) <= tolerance * max(abs(b), 1e-9)
        // A millionth of a degree is a hand's breadth.
        case (.place(let a, let b), .place(let c, let d)): abs(a - c) < 1e-6 && abs(b - d) < 1e-6
        default: false
        }
    }

    /// The same text however it is spaced: exiftool writes `18.0 - 55.0 mm`.
    private static func plain(_ text: String) -> String {
        text.replacingOccurrences(of: ".0", with: "").filter { !$0.isWhitespace }.lowercased()
    }

    /// What exiftool found in the Exif directories, else in the groups that go before others, else in any other: makers'
    /// own directories before XMP.
    private static func value(
        _ tags: [String: Any], _ name: String, first groups: [String] = ["Composite"]
    ) -> Value? {
        let others = tags.keys.filter { $0.hasSuffix(":\(name)") }.sorted()
        let names = ["IFD0", "ExifIFD"].map { "\($0):\(name)" } + groups.map { "\($0):\(name)" } + others
        return names.lazy.compactMap { name -> Value? in
            if let number = tags[name] as? NSNumber { return .number(number.doubleValue) }
            let text = (tags[name] as? String)?.trimmingCharacters(in: .whitespacesAndNewlines) ?? ""
            return text.contains { $0.isLetter || $0.isNumber } ? .text(text) : nil
        }.first
    }

    private static func text(_ tags: [String: Any], _ name: String, first: [String] = ["Composite"]) -> Value? {
        switch value(tags, name, first: first) {
        case .number(let number): .text(number == number.rounded() ? "\(Int(number))" : "\(number)")
        case let other: other
        }
    }

    /// 0 is a camera's way to say that it doesn't know.
    private static func number(_ tags: [String: Any], _ name: String) -> Value? {
        let number: Double? =
            switch value(tags, name) {
            case .number(let number): number
            // exiftool quotes numbers with many digits.
            case .text(let text): Double(text)
            default: nil
            }
        return number.flatMap { $0 > 0 && $0.isFinite ? .number($0) : nil }
    }

    /// `YYYY:MM:DD HH:MM:SS`, perhaps with a fraction and an offset, and the offset's own tag.
    private static func date(_ tags: [String: Any]) -> Value? {
        guard case .text(let text) = value(tags, "DateTimeOriginal", first: ["XMP-exif"]), text.count >= 19,
            !text.hasPrefix("0000"), text.prefix(4).allSatisfy(\.isNumber)
        else { return nil }
        let day = String(text.prefix(10).map { $0.isNumber ? $0 : "-" })
        let local = day + "T" + text.dropFirst(11).prefix(8)
        let rest = String(text.dropFirst(19).drop { $0 == "." || $0.isNumber })
        var offset = rest
        if rest.isEmpty, case .text(let tag) = value(tags, "OffsetTimeOriginal") { offset = tag }
        // Whatever else stands there is no offset.
        return .text(local + (offset.wholeMatch(of: /Z|[+-]\d\d:\d\d/) == nil ? "" : offset))
    }
}
