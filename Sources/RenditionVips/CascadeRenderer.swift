import CVips
import RenditionCore

/// Renders with one decode, each size from the next larger one: cameras' JPEGs in one pass, everything else with libvips.
///
/// A value without state; libvips itself is safe to use from several threads, and no image leaves the thread that made
/// it.
package struct CascadeRenderer: PhotoRenderer {
    /// - Parameter isForFilmsOnly: Whether photos are rendered elsewhere, so that this process needs no loader that libvips'
    ///   makers don't trust. One renderer for photos is enough to let them run.
    /// - Throws: A ``RenditionError`` where libvips can't start.
    package init(isForFilmsOnly: Bool = false) throws {
        try VipsLibrary.start()
        if !isForFilmsOnly { Self.allowAllLoaders }
    }

    private static let allowAllLoaders: Void = VipsLoaders.all.allow()

    package var version: String { "renderer-5 libvips-\(VipsLibrary.version)" }

    package func probe(_ original: [UInt8], limits: RenderLimits) throws -> PhotoProbe {
        defer { vips_thread_shutdown() }
        return try original.withUnsafeBytes { bytes in
            let format = try Self.format(of: original, limits)
            do {
                return try Self.checked(try LoadStep.probe(bytes, format, limits), limits)
            } catch let error as VipsError {
                throw Self.damaged(format, error, stage: .probe)
            }
        }
    }

    package func render(
        _ original: [UInt8], as instructions: RenderInstructions, limits: RenderLimits
    ) throws -> RenderedPhoto {
        defer { vips_thread_shutdown() }
        return try original.withUnsafeBytes { bytes in
            let format = try Self.format(of: original, limits)
            let deadline = RenderDeadline(after: limits.time)
            defer { withExtendedLifetime(deadline) {} }
            do {
                return try Self.render(bytes, format, instructions, limits, deadline)
            } catch let error as VipsError {
                if deadline.passed { throw Self.tooSlow(limits, error) }
                throw Self.damaged(format, error, stage: .render)
            } catch let error as LateError {
                if deadline.passed { throw Self.tooSlow(limits, error.cause) }
                throw Self.internalFailure(error.cause)
            }
        }
    }

    // MARK: The pipeline

    private static func render(
        _ bytes: UnsafeRawBufferPointer, _ format: OriginalFormat, _ instructions: RenderInstructions,
        _ limits: RenderLimits, _ deadline: RenderDeadline
    ) throws -> RenderedPhoto {
        var times = StageTimes()
        var stage = ContinuousClock.now
        var source = try LoadStep.open(bytes, format, limits)
        defer { withExtendedLifetime(source.memory) {} }
        deadline.watch(source.image)
        let probe = try checked(source.probe, limits)
        // A film's is told by its decoder, a program in a sandbox: nothing else here reads the file.
        var metadata =
            source.told.map { OriginalMetadata(told: $0) } ?? .read(bytes, format, opened: source.image)
        source.colour(byExif: metadata.exif)
        metadata.values.warnings += source.warnings
        let colours = ColourStep.source(of: source.image, &metadata.values)
        if source.isProfileImplied { metadata.values.hasProfile = false }
        metadata.values.dynamicRange = source.dynamicRange?.rawValue
        let gamut = ColourStep.gamut(instructions.gamut, for: source.image, from: colours)
        let sizes = instructions.sizes(for: format)
        guard !sizes.isEmpty else { return RenderedPhoto(probe: probe, metadata: metadata.values, renditions: []) }
        stage = times.add(.open, since: stage)
        let frames = try FramesStep.frames(
            of: source, bytes, instructions, sizes, from: colours, to: gamut, &metadata.values, deadline, &times)
        stage = .now
        let gainMap = try GainMapStep(
            instructions, bytes, format, metadata, probe, isConverted: colours != .sRGB, deadline)
        var made: [String: [Rendition]] = [:]
        var sketch: PhotoSketch?
        do {
            stage = times.add(.gainMap, since: stage)
            for frame in frames {
                try deadline.verify()
                let second = try gainMap.file(for: frame)
                stage = times.add(.gainMap, since: stage)
                let segments = JPEGSegments.segments(
                    for: metadata, policy: instructions.metadata, profile: gamut.profile,
                    gainMapLength: second.isEmpty ? nil : second.count)
                made[frame.size.name] = try files(
                    of: frame, instructions, segments: segments, gainMap: second, gamut: gamut, probe, &times)
                stage = .now
            }
            metadata.values.gainMap = gainMap.fate(in: sizes)
            sketch = try frames.last.map { try SketchStep.sketch(try $0.rgb()) }
            stage = times.add(.sketch, since: stage)
        } catch let error as VipsError {
            throw LateError(cause: error)
        }
        let renditions = sizes.flatMap { made[$0.name] ?? [] }
        for rendition in renditions { try ReadBackStep.check(rendition, against: instructions.metadata) }
        times.add(.readBack, since: stage)
        return RenderedPhoto(
            probe: probe, metadata: metadata.values, renditions: renditions, sketch: sketch, times: times)
    }

    /// A size's files. One that needs nothing but the JPEG is encoded as it is.
    private static func files(
        of frame: any Frame, _ instructions: RenderInstructions, segments: [UInt8], gainMap: [UInt8],
        gamut: OutputGamut, _ probe: PhotoProbe, _ times: inout StageTimes
    ) throws -> [Rendition] {
        var stage = ContinuousClock.now
        defer { times.add(.encode(frame.size.name), since: stage) }
        guard instructions.needsPixels(of: frame.size) else {
            let file = try frame.jpeg(instructions.scans, segments: segments, followedBy: gainMap)
            return [Rendition(frame.size, .jpeg, frame.pixels, file)]
        }
        var finished = try SharpenStep.sharpen(
            try frame.rgb(), instructions.sharpening,
            reduction: Double(probe.upright.width) / Double(frame.pixels.width))
        finished = try WatermarkStep.mark(finished, with: instructions.watermark)
        stage = times.add(.sharpenAndMark, since: stage)
        return try EncodeStep.files(
            finished, frame.size, further: instructions.furtherFormats[frame.size.name] ?? [],
            scans: instructions.scans, segments: segments, gainMap: gainMap, gamut: gamut)
    }

    /// - Throws: A final ``RenditionError`` `too_many_pixels` beyond the limit.
    private static func checked(_ probe: PhotoProbe, _ limits: RenderLimits) throws -> PhotoProbe {
        // libheif opens files whose pictures have no size, and would find out while it decodes.
        guard probe.stored.width > 0, probe.stored.height > 0 else {
            throw damaged(probe.format, VipsError("size", "no pixels"), stage: .probe)
        }
        guard probe.stored.pixels <= limits.pixels else {
            throw RenditionError.tooManyPixels(probe.stored, limits)
        }
        return probe
    }

    private static func format(of original: [UInt8], _ limits: RenderLimits) throws -> OriginalFormat {
        guard original.count <= limits.bytes else {
            throw RenditionError.tooLarge(bytes: original.count, limit: limits.bytes, stage: .probe)
        }
        return try OriginalFormat.detect(original)
    }

    // MARK: Errors

    /// A failure after the pixels were decoded and converted, for which the original can't be blamed.
    private struct LateError: Error {
        let cause: VipsError
    }

    private static func damaged(
        _ format: OriginalFormat, _ error: VipsError, stage: RenditionError.Stage
    ) -> RenditionError {
        // Where the machine is at its limit, nothing is proved against the photo.
        if error.isExhaustion { return internalFailure(error) }
        return RenditionError(
            code: "damaged", stage: stage, retriable: false,
            message: "This \(format.rawValue) file is damaged or incomplete. Export it again and upload that file.",
            detail: "\(error.operation): \(error.text)")
    }

    private static func tooSlow(_ limits: RenderLimits, _ error: VipsError) -> RenditionError {
        RenditionError(
            code: "too_slow", stage: .render, retriable: true,
            message: "This photo took longer than \(Int(limits.time.seconds)) seconds to process. "
                + "It will be tried again; if that fails, export it in a simpler format.",
            detail: "\(error.operation): \(error.text)")
    }

    private static func internalFailure(_ error: VipsError) -> RenditionError {
        RenditionError(
            code: error.isOutOfMemory ? RenditionError.outOfMemoryCode : "internal", stage: .render, retriable: true,
            message: "Something went wrong on our side while preparing this photo. It will be tried again.",
            detail: "\(error.operation): \(error.text)")
    }
}
