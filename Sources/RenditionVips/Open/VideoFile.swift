import CVips
import Foundation
import RenditionCore

/// Makes a film's poster: one frame of it, chosen and decoded by ffmpeg in a process of its own.
package enum VideoFile {
    /// How films are decoded on this machine, in a sentence; nil where the programs for it are missing. It blocks while it
    /// tries what the system allows.
    package static var summary: String? { ChildProcess.summary(of: ["ffprobe", "ffmpeg"]) }

    /// ffmpeg's version, such as `ffmpeg 5.1.8-0+deb12u1`; nil where it doesn't say. It blocks.
    package static var version: String? {
        let limits = ChildProcess.Limits(end: .now + .seconds(20), memory: 1 << 30, output: 64 << 10)
        guard let empty = try? NamelessFile(UnsafeRawBufferPointer(start: nil, count: 0)),
            let result = try? ChildProcess.run("ffmpeg", ["-version"], input: empty, limits), result.status == 0
        else { return nil }
        // "ffmpeg version 5.1.8-0+deb12u1 Copyright (c) …"
        let words = String(decoding: result.output, as: UTF8.self).split(separator: " ").prefix(3)
        return words.count == 3 ? "ffmpeg \(words[2])" : nil
    }

    /// Reads the header.
    static func probe(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits
    ) throws -> PhotoProbe {
        try VideoDecoder(bytes, format, limits).probe
    }

    /// Decodes the poster, no larger than the largest rendition that films get.
    static func open(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits
    ) throws -> OpenedOriginal {
        let decoder = try VideoDecoder(bytes, format, limits)
        guard decoder.probe.stored.pixels <= limits.pixels else {
            throw RenditionError.tooManyPixels(decoder.probe.stored, limits)
        }
        var opened = OpenedOriginal(image: try decoder.poster(), probe: decoder.probe)
        opened.told = decoder.metadata
        return opened
    }
}

/// A film that ffprobe has read.
private struct VideoDecoder: ~Copyable {
    let probe: PhotoProbe
    private let format: OriginalFormat
    private let file: NamelessFile
    private let streams: VideoStreams
    private let stream: VideoStreams.Stream
    private let limits: RenderLimits
    private let end: ContinuousClock.Instant

    var metadata: PhotoMetadata { streams.metadata }

    /// 4K film of today's codecs needs a third of it. Nobody gets more than a photo's decoder may hold.
    private static func memory(_ limits: RenderLimits) -> Int { min(2 << 30, limits.memory) }

    init(_ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ limits: RenderLimits) throws {
        let end = ContinuousClock.now + limits.time
        let file: NamelessFile
        do { file = try NamelessFile(bytes) } catch { throw RenditionError.noRoom(error) }
        let answer = try Self.run(
            "ffprobe", Self.input(format) + ["-show_streams", "-show_format", "-of", "json"], file, end, limits,
            output: 4 << 20)
        guard let streams = try? JSONDecoder().decode(VideoStreams.self, from: Data(answer)) else {
            throw VipsError("ffprobe", "no streams")
        }
        guard let stream = streams.pictures else {
            throw RenditionError(
                code: "unsupported", stage: .probe, retriable: false,
                message: "This \(format.rawValue) file holds no moving pictures. Upload a photo or a video instead.")
        }
        guard let size = stream.shown, let codec = stream.codec, codec != "none" else {
            throw VipsError("ffprobe", "a stream of unknown size or codec")
        }
        self.end = end
        self.file = file
        self.streams = streams
        self.stream = stream
        self.limits = limits
        self.format = format
        // What ffmpeg holds at once: a decoder's reference frames, and the candidates for the poster.
        let candidates = VideoFilter.candidates * 3 * RenditionSize.medium.fitted(size).pixels
        probe = PhotoProbe(
            format: format, stored: size, orientation: 1, bytesPerPixel: 40 + candidates / max(1, size.pixels),
            duration: streams.duration)
    }

    /// The film's first tenth is past the titles and the lens cap; where that frame is black or empty, others are looked
    /// at, and the one that shows most is taken.
    func poster() throws -> Image {
        let size = RenditionSize.medium.fitted(probe.stored)
        var best: (pixels: [UInt8], spread: Double)?
        for place in [0.1, 0.3, 0.6, 0] {
            let start = (streams.duration ?? 0) * place
            guard best == nil || start > 0 || place == 0 else { continue }
            guard let pixels = try frame(at: start, size) else { continue }
            let spread = Self.spread(pixels)
            if spread > best?.spread ?? -1 { best = (pixels, spread) }
            if spread >= 12 { break }
        }
        guard let best else { throw VipsError("ffmpeg", "no frame could be decoded") }
        let made = best.pixels.withUnsafeBytes {
            vips_image_new_from_memory_copy(
                $0.baseAddress, $0.count, Int32(size.width), Int32(size.height), 3, VIPS_FORMAT_UCHAR)
        }
        guard let made else { throw VipsError("poster") }
        let copy = try Operation("copy")
        try copy.set("in", Image(owning: made))
        try copy.set("interpretation", Int(VIPS_INTERPRETATION_sRGB.rawValue))
        return try copy.image().rendered()
    }

    /// - Returns: 8-bit RGB; nil where there is no frame from there on.
    private func frame(at seconds: Double, _ size: PixelSize) throws -> [UInt8]? {
        let count = size.pixels * 3
        var arguments = ["-nostdin", "-threads", "1", "-filter_threads", "1"]
        if seconds > 0 { arguments += ["-ss", String(format: "%.3f", seconds)] }
        arguments += Self.input(format) + ["-map", "0:\(stream.index)", "-an", "-sn", "-dn"]
        arguments += ["-vf", VideoFilter.chain(stream, to: size), "-frames:v", "1"]
        arguments += ["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]
        let pixels = try Self.run("ffmpeg", arguments, file, end, limits, output: count)
        return pixels.count == count ? pixels : nil
    }

    /// The demuxer is named, since a guess could fall on one that follows addresses.
    private static func input(_ format: OriginalFormat) -> [String] {
        let demuxer =
            switch format {
            case .mkv, .webm: "matroska"
            case .avi: "avi"
            default: "mov"
            }
        return [
            "-v", "error", "-protocol_whitelist", "file", "-f", demuxer, "-i", "file:\(ChildProcess.inputPath)",
        ]
    }

    /// How much a frame shows: the standard deviation of its green, 0–127.
    private static func spread(_ pixels: [UInt8]) -> Double {
        var (sum, squares, count) = (0.0, 0.0, 0.0)
        // A sample is enough, and quick in a build without optimisation too.
        for index in stride(from: 1, to: pixels.count, by: 3 * max(1, pixels.count / 30_000)) {
            let value = Double(pixels[index])
            (sum, squares, count) = (sum + value, squares + value * value, count + 1)
        }
        return (max(0, squares / count - (sum / count) * (sum / count))).squareRoot()
    }

    private static func run(
        _ program: String, _ arguments: [String], _ file: borrowing NamelessFile, _ end: ContinuousClock.Instant,
        _ limits: RenderLimits, output: Int
    ) throws -> [UInt8] {
        let result: ChildProcess.Result
        do {
            result = try ChildProcess.run(
                program, arguments, input: file, .init(end: end, memory: memory(limits), output: output))
        } catch { throw RenditionError.missing(error) }
        if result.timedOut {
            throw RenditionError(
                code: "too_slow", stage: .render, retriable: true,
                message: "This video took longer than \(Int(limits.time.seconds)) seconds to process. "
                    + "It will be tried again; if that fails, export it in a simpler format.",
                detail: "\(program) was stopped")
        }
        if result.complaint.contains("Cannot allocate memory") {
            throw RenditionError(
                code: "too_complex", stage: .probe, retriable: false,
                message: "This video needs more memory than one may have. Export it with fewer pixels a frame.",
                detail: "\(program): \(result.complaint)")
        }
        guard result.status == 0, !result.printedTooMuch else {
            throw VipsError(
                program, result.complaint.isEmpty ? "it ended with \(result.status ?? -1)" : result.complaint)
        }
        return result.output
    }
}

extension RenditionError {
    /// Nothing that this machine works on could be kept there: it isn't the film's fault, and no attempt counts.
    fileprivate static func noRoom(_ error: any Error) -> RenditionError {
        let reason = (error as? NamelessFile.NoRoom).map { "\($0.folder): \($0.reason)" }
        return RenditionError(
            code: "no_room", stage: .store, retriable: true,
            message: "There is no room for temporary files on our side. This video will be tried again.",
            detail: "\(reason ?? String(describing: error)); make room there, or name another folder in TMPDIR")
    }

    /// The machine lacks what it takes; the film isn't to blame.
    fileprivate static func missing(_ error: any Error) -> RenditionError {
        let reason = (error as? ChildProcess.NotStarted).map { "\($0.program): \($0.reason)" }
        return RenditionError(
            code: "internal", stage: .probe, retriable: true,
            message: "Something went wrong on our side while preparing this video. It will be tried again.",
            detail: reason ?? String(describing: error))
    }

    /// A header that declares more pixels than the limit.
    static func tooManyPixels(_ size: PixelSize, _ limits: RenderLimits) -> RenditionError {
        RenditionError(
            code: "too_many_pixels", stage: .probe, retriable: false,
            message: "This photo has \(size) pixels, more than the \(limits.pixels / 1_000_000) megapixels "
                + "we can take. Export it smaller and upload that file.")
    }
}
