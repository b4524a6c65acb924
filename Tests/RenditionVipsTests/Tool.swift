import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// Programs of other projects that make originals, or say what is right.
enum Tool {
    /// Runs a program that reads and writes files.
    ///
    /// - Parameters:
    ///   - input: The bytes of the file that stands for `{in}` among the arguments.
    ///   - output: The name of the file that stands for `{out}`.
    /// - Returns: The bytes of the output.
    static func make(
        _ program: String, _ arguments: [String], from input: [UInt8], named name: String, to output: String
    ) async throws -> [UInt8] {
        let folder = TestFolder()
        let source = try folder.write(name, input)
        let target = folder.path(output)
        let filled = arguments.map {
            $0.replacingOccurrences(of: "{in}", with: source).replacingOccurrences(of: "{out}", with: target)
        }
        let result = try await Command.run(program, filled)
        #expect(result.status == 0, "\(program): \(result.errors)")
        return Array(try Data(contentsOf: URL(fileURLWithPath: target)))
    }

    /// What littlecms' own program makes of a colour in CIE L*a*b* under D50: sRGB, 0–255.
    static func sRGB(l: Double, a: Double, b: Double) async throws -> [Int] {
        let line = "echo \(l) \(a) \(b) | transicc -i'*Lab4' -o'*sRGB' -t1 -b"
        let result = try await Command.run("sh", ["-c", line])
        let values = result.output.matches(of: /[RGB]=([0-9.]+)/).compactMap { Double($0.output.1) }
        return try #require(values.count == 3 ? values.map { Int($0.rounded()) } : nil, "\(result)")
    }

    /// A portable pixmap whose upper half is of one colour and whose lower half is of another.
    static func pixmap(_ upper: [UInt8], _ lower: [UInt8], side: Int = 64) -> [UInt8] {
        let half = side * side / 2
        return Array("P6\n\(side) \(side)\n255\n".utf8) + Array(repeating: upper, count: half).flatMap { $0 }
            + Array(repeating: lower, count: half).flatMap { $0 }
    }
}

extension Rendering {
    /// The `large` rendition of an original, decoded.
    static func large(_ original: [UInt8]) throws -> Pixels {
        try Pixels(try render(original, sizes: [.large]).renditions[0].bytes)
    }

    /// The colour of an original's `large` rendition at a place given as shares of width and height.
    static func colour(of original: [UInt8], at x: Double = 0.5, _ y: Double = 0.5) throws -> [Int] {
        try large(original).colour(x, y)
    }

    /// The error with which an original ends; nil where it is rendered.
    static func refusal(of original: [UInt8]) -> RenditionError? {
        do {
            _ = try render(original, sizes: [.thumbnail])
            return nil
        } catch {
            return error as? RenditionError
        }
    }
}
