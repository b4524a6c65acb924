import CVips
import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("The colour receipt")
struct ColourReceiptTests {
    /// The pairs that Sharma, Wu and Dalal publish for testing the formula (table 1).
    private static let published: [(LabColour, LabColour, Double)] = [
        (50, 2.6772, -79.7751, 50, 0, -82.7485, 2.0425), (50, 3.1571, -77.2803, 50, 0, -82.7485, 2.8615),
        (50, 2.8361, -74.0200, 50, 0, -82.7485, 3.4412), (50, -1.3802, -84.2814, 50, 0, -82.7485, 1.0000),
        (50, -1.1848, -84.8006, 50, 0, -82.7485, 1.0000), (50, -0.9009, -85.5211, 50, 0, -82.7485, 1.0000),
        (50, 0, 0, 50, -1, 2, 2.3669), (50, -1, 2, 50, 0, 0, 2.3669), (50, 2.49, -0.001, 50, -2.49, 0.0009, 7.1792),
        (50, 2.49, -0.001, 50, -2.49, 0.0011, 7.2195), (50, -0.001, 2.49, 50, 0.0009, -2.49, 4.8045),
        (50, -0.001, 2.49, 50, 0.0011, -2.49, 4.7461), (50, 2.5, 0, 50, 0, -2.5, 4.3065),
        (50, 2.5, 0, 73, 25, -18, 27.1492), (50, 2.5, 0, 61, -5, 29, 22.8977), (50, 2.5, 0, 56, -27, -3, 31.9030),
        (50, 2.5, 0, 58, 24, 15, 19.4535), (50, 2.5, 0, 50, 3.1736, 0.5854, 1.0000),
        (60.2574, -34.0099, 36.2677, 60.4626, -34.1751, 39.4387, 1.2644),
        (63.0109, -31.0961, -5.8663, 62.8187, -29.7946, -4.0864, 1.2630),
        (61.2901, 3.7196, -5.3901, 61.4292, 2.2480, -4.9620, 1.8731),
        (35.0831, -44.1164, 3.7933, 35.0232, -40.0716, 1.5901, 1.8645),
        (22.7233, 20.0904, -46.6940, 23.0331, 14.9730, -42.5619, 2.0373),
        (36.4612, 47.8580, 18.3852, 36.2715, 50.5065, 21.2231, 1.4146),
        (90.8027, -2.0831, 1.4410, 91.1528, -1.6435, 0.0447, 1.4441),
        (90.9257, -0.5406, -0.9208, 88.6381, -0.8985, -0.7239, 1.5381),
        (6.7747, -0.2908, -2.4247, 5.8714, -0.0985, -2.2286, 0.6377),
        (2.0776, 0.0795, -1.1350, 0.9033, -0.0636, -0.5514, 0.9082),
    ].map { (LabColour(l: $0.0, a: $0.1, b: $0.2), LabColour(l: $0.3, a: $0.4, b: $0.5), $0.6) }

    @Test func theDifferenceIsThePublishedOne() {
        for (one, other, expected) in Self.published {
            let found = ColourDifference.between(one, other)
            #expect(abs(found - expected) < 0.00006, "\(one) \(other): \(found) instead of \(expected)")
        }
    }

    /// Every turn, profile and bit depth: the receipt finds the same place in the original as in the rendition.
    @Test(arguments: Corpus.samples.photos.filter { $0.expected == "active" } + Corpus.photos24.photos)
    func anHonestRenditionHasAGoodReceipt(_ photo: Corpus.Photo) throws {
        let isSample = Corpus.samples.photos.contains { $0.name == photo.name }
        let rendered = try Rendering.render(
            (isSample ? Corpus.samples : Corpus.photos24).bytes(photo.name), sizes: [.medium])
        let deltaE = try #require(rendered.metadata.deltaE)
        #expect(deltaE < 0.5, "\(photo.name): \(deltaE)")
        #expect(rendered.metadata.warnings.isEmpty)
    }

    @Test func adjustmentsAreNoFault() throws {
        let adjustments = ColorAdjustments(brightness: 1.1, contrast: 0.9, saturation: 1.3)
        let rendered = try Rendering.render(
            Corpus.samples.bytes("Plage d'été #1 (100%).jpg"), as: RenderInstructions(adjustments: adjustments))
        #expect(try #require(rendered.metadata.deltaE) < 0.5)
    }

    /// What a pipeline that ignored the profile would publish.
    @Test(arguments: ["_MG_8731.JPG", "figue rouge.final-v2.jpeg"]) func coloursLeftAsTheyAreAreFound(_ name: String)
        throws
    {
        try Corpus.photos24.bytes(name).withUnsafeBytes { bytes in
            let source = try LoadStep.open(bytes, .jpeg, RenderLimits())
            let receipts = try Self.receipts(of: try Cascade(source, [.medium], .none))
            #expect(receipts.map { $0?.isGood } == [false, true, true], "\(receipts)")
        }
    }

    /// The profile ignored, the profile used, and the careful way, which doesn't believe that it may be ignored.
    private static func receipts(of cascade: borrowing Cascade) throws -> [ColourReceipt?] {
        let deadline = RenderDeadline(after: .seconds(60))
        var times = StageTimes()
        let wrong = try cascade.frames(from: .sRGB, to: .srgb, deadline, &times)
        let right = try cascade.frames(from: .profile, to: .srgb, deadline, &times)
        let careful = try cascade.frames(from: .sRGB, to: .srgb, isCareful: true, deadline, &times)
        return [
            cascade.receipt(for: wrong, in: .srgb), cascade.receipt(for: right, in: .srgb),
            cascade.receipt(for: careful, in: .srgb),
        ]
    }

    /// A profile with sRGB's primaries and curves, and a table that turns red into green, which goes before them.
    @Test(arguments: ["tiffsave_buffer", "jpegsave_buffer"])
    func aProfileThatOnlyLooksLikeSRGBIsTakenAtItsWord(_ saver: String) throws {
        let original = try Self.tagged([200, 60, 60], with: Self.swapping, as: saver)
        let rendered = try Rendering.render(original, sizes: [.medium])
        #expect(near(try Pixels(rendered.renditions[0].bytes).colour(0.5, 0.5), [60, 200, 60], within: 3))
        #expect(try #require(rendered.metadata.deltaE) < 1)
    }

    private static func tagged(_ colour: [Double], with profile: [UInt8], as saver: String) throws -> [UInt8] {
        let file = try Rendering.flat(PixelSize(width: 64, height: 64), colour)
        return try file.withUnsafeBytes { bytes in
            let opened = try PictureFile.open(bytes, .png)
            profile.withUnsafeBytes {
                vips_image_set_blob_copy(opened.image.handle, "icc-profile-data", $0.baseAddress, $0.count)
            }
            return try Rendering.save(opened.image, saver)
        }
    }

    /// The compact profile with a lut16Type of two grid points under `A2B0` (ICC.1:2022, section 10.10): its corners are sRGB's
    /// primaries and their sums in XYZ, with red and green exchanged.
    static let swapping: [UInt8] = {
        func big(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).reversed().map { UInt8(value >> (8 * $0) & 255) }
        }
        let base = CompactSRGBProfile.bytes
        let xyz = [[0.385147, 0.716873, 0.097076], [0.436066, 0.222488, 0.013916], [0.143066, 0.060608, 0.714096]]
        var table = Array("mft2".utf8) + big(0, 4) + [3, 3, 2, 0]
        for index in 0..<9 { table += big(index % 4 == 0 ? 65536 : 0, 4) }
        let steps = 256
        table += big(steps, 2) + big(2, 2)
        func light(_ value: Double) -> Double {
            value <= 0.04045 ? value / 12.92 : Foundation.pow((value + 0.055) / 1.055, 2.4)
        }
        for _ in 0..<3 {
            for step in 0..<steps { table += big(Int((light(Double(step) / Double(steps - 1)) * 65535).rounded()), 2) }
        }
        for corner in 0..<8 {
            let on = [corner >> 2 & 1, corner >> 1 & 1, corner & 1].map(Double.init)
            for axis in 0..<3 {
                let sum = zip(on, xyz).reduce(0) { $0 + $1.0 * $1.1[axis] }
                table += big(min(65535, Int((sum * 32768).rounded())), 2)
            }
        }
        for _ in 0..<3 { table += big(0, 2) + big(65535, 2) }
        while table.count % 4 != 0 { table.append(0) }

        // One entry more in the tag table moves everything behind it by twelve bytes.
        let count = Int(base[131])
        var entries: [UInt8] = big(count + 1, 4)
        for entry in 0..<count {
            let start = 132 + 12 * entry
            let offset = base[(start + 4)..<(start + 8)].reduce(0) { $0 << 8 | Int($1) }
            entries += base[start..<(start + 4)] + big(offset + 12, 4) + base[(start + 8)..<(start + 12)]
        }
        entries += Array("A2B0".utf8) + big(base.count + 12, 4) + big(table.count, 4)
        let profile = Array(base[..<128]) + entries + Array(base[(132 + 12 * count)...]) + table
        return big(profile.count, 4) + profile[4...]
    }()
}
