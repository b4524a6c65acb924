import Foundation
import RenditionTestKit

/// A picture's pixels, read by libvips' own command.
struct Picture {
    let width: Int
    let height: Int
    private let bands: Int
    private let bytes: [UInt8]

    /// - Parameter path: A file of 8-bit pixels.
    init(_ path: String) async throws {
        let folder = TestFolder()
        func header(_ field: String) async throws -> Int {
            let text = try await Command.run("vipsheader", ["-f", field, path]).output
            guard let value = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) else {
                throw ServerFault("vipsheader doesn't know \(path)")
            }
            return value
        }
        (width, height, bands) = (try await header("width"), try await header("height"), try await header("bands"))
        _ = try await Command.run("vips", ["rawsave", path, folder.path("pixels")])
        bytes = Array(FileManager.default.contents(atPath: folder.path("pixels")) ?? Data())
        guard bytes.count == width * height * bands else { throw ServerFault("vips doesn't read \(path)") }
    }

    /// The mean red, green and blue of a part, given in pixels.
    func mean(_ x: Range<Int>, _ y: Range<Int>) -> [Double] {
        var sums = [0.0, 0.0, 0.0]
        for row in y {
            for column in x {
                for band in 0..<3 { sums[band] += Double(bytes[(row * width + column) * bands + band]) }
            }
        }
        return sums.map { $0 / Double(x.count * y.count) }
    }

    /// The means of a grid's cells over a part of the picture, row by row.
    ///
    /// - Parameter part: In pixels; nil for all of it.
    func grid(_ columns: Int, _ rows: Int, of part: (x: Range<Int>, y: Range<Int>)? = nil) -> [[Double]] {
        let (across, down) = part ?? (0..<width, 0..<height)
        func cut(_ range: Range<Int>, _ index: Int, _ count: Int) -> Range<Int> {
            range.lowerBound + range.count * index / count..<range.lowerBound + range.count * (index + 1) / count
        }
        return (0..<rows).flatMap { row in
            (0..<columns).map { mean(cut(across, $0, columns), cut(down, row, rows)) }
        }
    }

    /// The mean distance of two grids' numbers, 0–255.
    static func distance(_ one: [[Double]], _ other: [[Double]]) -> Double {
        let pairs = zip(one.joined(), other.joined())
        return pairs.reduce(0) { $0 + abs($1.0 - $1.1) } / Double(max(1, one.count * 3))
    }
}
