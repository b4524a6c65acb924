import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("Posters of films")
struct VideoTests {
    /// Red, green, blue and yellow in the corners, in reading order.
    private static let corners: [(x: Double, y: Double, colour: [Int])] = [
        (0.1, 0.1, [220, 40, 40]), (0.9, 0.1, [40, 180, 60]), (0.1, 0.9, [40, 80, 220]), (0.9, 0.9, [230, 200, 40]),
    ]

    private static func graph(_ size: PixelSize, seconds: Double) -> String {
        let part = "s=\(size.width / 2)x\(size.height / 2):d=\(seconds):r=10"
        return "color=c=0xDC2828:\(part)[a];color=c=0x28B43C:\(part)[b];color=c=0x2850DC:\(part)[c];"
            + "color=c=0xE6C828:\(part)[d];[a][b]hstack[x];[c][d]hstack[y];[x][y]vstack"
    }

    /// Makes a film.
    ///
    /// - Parameters:
    ///   - input: A filter graph of ffmpeg's that makes its frames.
    ///   - options: The codec and what else ffmpeg is to be told.
    static func film(_ name: String, _ input: String, _ options: [String]) async throws -> [UInt8] {
        let folder = TestFolder()
        let path = folder.path(name)
        let result = try await Command.run(
            "ffmpeg", ["-v", "error", "-f", "lavfi", "-i", input] + options + ["-y", path])
        #expect(result.status == 0, "\(result.errors)")
        return Array(FileManager.default.contents(atPath: path) ?? Data())
    }

    private static let high = PixelSize(width: 1280, height: 720)
    private static let h264 = ["-c:v", "libx264", "-pix_fmt", "yuv420p"]
    private static let bt709 = ["-vf", "scale=out_color_matrix=bt709", "-colorspace", "bt709"]

    @Test(arguments: [
        ("a.mp4", OriginalFormat.mp4, h264 + bt709), ("a.mov", .mov, ["-c:v", "mjpeg", "-q:v", "2"]),
        ("a.m4v", .m4v, h264 + bt709), ("a.mkv", .mkv, ["-c:v", "libx265", "-x265-params", "log-level=error"] + bt709),
        ("a.avi", .avi, ["-c:v", "mpeg4", "-q:v", "2", "-vf", "scale=out_color_matrix=bt709"]),
        ("a.webm", .webm, ["-c:v", "libvpx-vp9", "-deadline", "realtime"] + bt709),
    ]) func everyContainerGivesThreeUprightSizes(_ name: String, _ format: OriginalFormat, _ options: [String])
        async throws
    {
        let film = try await Self.film(name, Self.graph(Self.high, seconds: 2), options)
        let rendered = try Rendering.render(film)
        #expect(rendered.probe.format == format)
        #expect(rendered.probe.upright == Self.high)
        #expect(abs((rendered.probe.duration ?? 0) - 2) < 0.15, "\(rendered.probe.duration ?? 0) s")
        #expect(try Rendering.renderer.get().probe(film, limits: RenderLimits()) == rendered.probe)
        #expect(rendered.renditions.map(\.size) == [.thumbnail, .small, .medium])
        for rendition in rendered.renditions {
            let pixels = try Pixels(rendition.bytes)
            #expect(pixels.size == rendition.size.fitted(Self.high))
            for corner in Self.corners {
                let found = pixels.colour(corner.x, corner.y)
                // Motion JPEG is full range and BT.601, which ffmpeg tags itself.
                #expect(near(found, corner.colour, within: 10), "\(rendition.size.name): \(found)")
            }
        }
    }

    @Test func oldFilmIsReadAsBT601() async throws {
        let size = PixelSize(width: 640, height: 480)
        let film = try await Self.film(
            "a.mp4", Self.graph(size, seconds: 1), Self.h264 + ["-vf", "scale=out_color_matrix=bt601"])
        let pixels = try Pixels(try Rendering.render(film).renditions[2].bytes)
        for corner in Self.corners {
            #expect(near(pixels.colour(corner.x, corner.y), corner.colour, within: 10))
        }
    }

    @Test func aFilmFromATurnedTelephoneIsUpright() async throws {
        let folder = TestFolder()
        let flat = try folder.write(
            "flat.mp4", try await Self.film("a.mp4", Self.graph(Self.high, seconds: 1), Self.h264 + Self.bt709))
        let turned = folder.path("turned.mp4")
        // ffmpeg counts against the clock here.
        let result = try await Command.run(
            "ffmpeg", ["-v", "error", "-i", flat, "-c", "copy", "-metadata:s:v", "rotate=270", turned])
        #expect(result.status == 0, "\(result.errors)")
        #expect(try await Command.run("exiftool", ["-s3", "-Rotation", turned]).output == "90\n")
        let rendered = try Rendering.render(Array(FileManager.default.contents(atPath: turned) ?? Data()))
        #expect(rendered.probe.upright == PixelSize(width: 720, height: 1280))
        let pixels = try Pixels(rendered.renditions[2].bytes)
        #expect(pixels.size == PixelSize(width: 720, height: 1280))
        // A quarter turn clockwise brings the lower left corner up.
        for (x, y, colour) in [
            (0.1, 0.1, [40, 80, 220]), (0.9, 0.1, [220, 40, 40]), (0.1, 0.9, [230, 200, 40]),
            (0.9, 0.9, [40, 180, 60]),
        ] {
            #expect(near(pixels.colour(x, y), colour, within: 10), "\(pixels.colour(x, y)) at \(x), \(y)")
        }
    }

    @Test func pixelsThatAreNotSquareAreStretched() async throws {
        let film = try await Self.film(
            "a.mkv", Self.graph(PixelSize(width: 720, height: 576), seconds: 1), Self.h264 + ["-aspect", "16:9"])
        #expect(try Rendering.render(film).probe.upright == PixelSize(width: 1024, height: 576))
    }

    @Test func itsTagsBecomeMetadata() async throws {
        let film = try await Self.film(
            "a.mov", Self.graph(Self.high, seconds: 1),
            Self.h264 + [
                "-movflags", "use_metadata_tags", "-metadata", "com.apple.quicktime.make=Apple",
                "-metadata", "com.apple.quicktime.model=iPhone 15", "-metadata", "creation_time=2024-06-21T10:04:31Z",
                "-metadata", "com.apple.quicktime.creationdate=2024-06-21T12:04:31+0200",
                "-metadata", "com.apple.quicktime.location.ISO6709=+47.2847-011.4025+1905.700/",
                "-metadata", "title=First dance", "-metadata", "artist=Zoé Lefèvre",
            ])
        let values = try Rendering.render(film).metadata
        #expect((values.make, values.model) == ("Apple", "iPhone 15"))
        #expect(values.dateTaken == "2024-06-21T12:04:31+02:00")
        #expect(values.latitude == 47.2847 && values.longitude == -11.4025 && values.altitude == 1905.7)
        #expect((values.title, values.artist) == ("First dance", "Zoé Lefèvre"))
    }

    /// A title's black, where the first place to look is.
    @Test func aBlackBeginningIsPassedOver() async throws {
        let input =
            "color=black:s=640x360:r=10:d=2[a];testsrc2=s=640x360:r=10:d=8[b];[a][b]concat"
        let film = try await Self.film("a.mp4", input, Self.h264)
        let pixels = try Pixels(try Rendering.render(film).renditions[0].bytes)
        #expect(pixels.mean.contains { $0 > 40 }, "\(pixels.mean)")
    }

    @Test func aFilmThatIsBlackThroughoutHasABlackPoster() async throws {
        let film = try await Self.film("a.mp4", "color=black:s=320x180:r=10:d=1", Self.h264)
        #expect(try Pixels(try Rendering.render(film).renditions[0].bytes).mean.allSatisfy { $0 < 4 })
    }

    /// A grey of 26 cd/m², 0.38 in the signal (SMPTE ST 2084), is 0.128 of the reference white of 203 (ITU-R BT.2408), and so
    /// 100 in sRGB. As if it were BT.709, it would be 97; pure red of BT.2020 would not be red.
    @Test func brightFilmIsBentIntoSRGB() async throws {
        let tags = [
            "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc",
            "-x265-params", "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc",
        ]
        let film = try await Self.film(
            "a.mov", "nullsrc=s=640x360:r=10:d=1,format=yuv420p10le,geq=lum='if(lt(X,320),397,836)':cb=512:cr=512",
            ["-c:v", "libx265", "-pix_fmt", "yuv420p10le"] + tags)
        let pixels = try Pixels(try Rendering.render(film).renditions[0].bytes)
        #expect(near(pixels.colour(0.2, 0.5), [100, 100, 100], within: 4), "\(pixels.colour(0.2, 0.5))")
        // 0.88 in the signal is 3,000 cd/m²: bright, and not just cut off.
        #expect(pixels.colour(0.8, 0.5).allSatisfy { (240...255).contains($0) }, "\(pixels.colour(0.8, 0.5))")
    }

    /// A film in HLG with the primaries of ordinary film keeps its hue: wrongly taken for BT.2020's, its red would have no
    /// green left.
    @Test func brightFilmHasThePrimariesThatItNames() async throws {
        func red(_ primaries: String) async throws -> [Int] {
            let film = try await Self.film(
                "a.mkv", "color=c=0xC02020:s=320x180:r=10:d=1",
                [
                    "-vf", "scale=out_color_matrix=bt709,format=yuv420p10le", "-c:v", "libx265",
                    "-x265-params", "log-level=error", "-color_primaries", primaries, "-color_trc", "arib-std-b67",
                    "-colorspace", "bt709",
                ])
            return try Pixels(try Rendering.render(film).renditions[0].bytes).colour(0.5, 0.5)
        }
        let (ordinary, wide) = (try await red("bt709"), try await red("bt2020"))
        #expect(ordinary[1] > 10, "\(ordinary)")
        #expect(wide[1] < ordinary[1] / 2, "\(wide), \(ordinary)")
    }

    @Test func soundAloneIsRefusedByName() async throws {
        let sound = try await Self.film("a.mp4", "sine=d=1", ["-c:a", "aac"])
        let error = #expect(throws: RenditionError.self) { try Rendering.render(sound) }
        #expect((error?.code, error?.retriable) == ("unsupported", false))
        #expect(error?.message.contains("no moving pictures") == true)
    }

    @Test func aCutFilmIsDamaged() async throws {
        let film = try await Self.film("a.mp4", Self.graph(Self.high, seconds: 1), Self.h264)
        let error = #expect(throws: RenditionError.self) { try Rendering.render(Array(film[..<(film.count / 2)])) }
        #expect((error?.code, error?.retriable) == ("damaged", false))
    }

    @Test func limitsHoldForFilmToo() async throws {
        let film = try await Self.film("a.mp4", Self.graph(Self.high, seconds: 1), Self.h264)
        func failure(_ limits: RenderLimits) -> RenditionError? {
            #expect(throws: RenditionError.self) { try Rendering.render(film, limits: limits) }
        }
        let pixels = failure(RenderLimits(pixels: Self.high.pixels - 1))
        #expect((pixels?.code, pixels?.retriable) == ("too_many_pixels", false))
        let time = failure(RenderLimits(time: .milliseconds(1)))
        #expect((time?.code, time?.retriable) == ("too_slow", true))
    }

    /// ffmpeg would fetch what such a list names; it is never asked about one.
    @Test func aListOfAddressesIsNoFilm() throws {
        let list = "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n"
        let error = #expect(throws: RenditionError.self) { try Rendering.render(Array(list.utf8)) }
        #expect(error?.message.contains("a text") == true)
    }

    /// Cameras', players' and fuzzers' films, whole, cut and odd.
    @Test func everyPublicFilmIsShownOrRefusedForGood() throws {
        let root = Corpus.publicFolder
        let names = FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? []
        var (shown, refused) = (0, 0)
        for name in names.sorted() {
            guard let data = FileManager.default.contents(atPath: "\(root)/\(name)"),
                (try? OriginalFormat.detect(Array(data.prefix(4096))))?.kind == .video
            else { continue }
            do {
                let rendered = try Rendering.render(Array(data), sizes: [.thumbnail])
                #expect(try Pixels(rendered.renditions[0].bytes).size == rendered.renditions[0].pixels)
                shown += 1
            } catch let error as RenditionError {
                #expect(!error.retriable, "\(name): \(error)")
                refused += 1
            }
        }
        #expect(shown >= 8, "\(shown) shown, \(refused) refused: run scripts/test, which fetches them")
    }
}
