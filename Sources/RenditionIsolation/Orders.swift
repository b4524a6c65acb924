import Foundation
import RenditionCore

/// What a render process is told to do with the original.
struct Orders: Codable {
    var limits: RenderLimits
    /// Without the logo's bytes, which travel beside it; nil where only the header is read.
    var instructions: RenderInstructions?

    /// Takes the logo's file out of the instructions.
    static func splitting(_ instructions: RenderInstructions) -> (RenderInstructions, logo: [UInt8]) {
        var rest = instructions
        rest.watermark?.logo?.bytes = []
        return (rest, instructions.watermark?.logo?.bytes ?? [])
    }
}

/// What a render process made: everything but the files' bytes.
struct Made: Codable {
    /// A file, by its place among the others.
    struct File: Codable {
        var size: RenditionSize
        var format: RenditionFormat
        var pixels: PixelSize
        var checksum: String
        var length: Int
    }

    var probe: PhotoProbe
    var metadata = PhotoMetadata()
    var sketch: PhotoSketch?
    var times = StageTimes()
    var files: [File] = []
}

/// How both sides write what they say.
enum Wire {
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return Array(try encoder.encode(value))
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode(type, from: Data(bytes))
    }
}
