import CVips
import RenditionCore

/// Renders with libvips: one decode, then each size from the next larger one.
///
/// A value without state; libvips itself is safe to use from several threads, and no image leaves the thread that made
/// it.
package struct CascadeRenderer: PhotoRenderer {
    /// - Throws: A ``RenditionError`` where libvips can't start.
    package init() throws { try VipsLibrary.start() }

    package var version: String { "cascade-2 libvips-\(VipsLibrary.version)" }

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
        let source = try LoadStep.open(bytes, format, limits)
        defer { withExtendedLifetime(source.memory) {} }
        deadline.watch(source.image)
        let probe = try checked(source.probe, limits)
        var metadata = OriginalMetadata.read(bytes, format, opened: source.image)
        metadata.values.warnings += source.warnings
        let colours = ColourStep.source(of: source.image, &metadata.values)
        let gamut = ColourStep.gamut(instructions.gamut, for: source.image, from: colours)

        let sizes = instructions.sizes(for: format)
        let targets = sizes.map { (size: $0, pixels: $0.fitted(probe.upright)) }
            .sorted { $0.pixels.pixels > $1.pixels.pixels }
        guard let largest = targets.first?.pixels else {
            return RenderedPhoto(probe: probe, metadata: metadata.values, renditions: [])
        }
        var image = try FlattenStep.onWhite(source.image.reference())
        image = try ResizeStep.reduce(image, to: probe.orientation >= 5 ? largest.transposed : largest)
        image = try ColourStep.convert(image, from: colours, to: gamut)
        image = try OrientStep.upright(image, orientation: probe.orientation)
        image = try AdjustStep.adjust(image, instructions.adjustments)
        // The decoder runs here, and only here.
        image = try image.rendered()
        try deadline.verify()

        let segments = JPEGSegments.segments(for: metadata, policy: instructions.metadata, profile: gamut.profile)
        var made: [String: [Rendition]] = [:]
        var sketch: PhotoSketch?
        do {
            for target in targets {
                if image.size != target.pixels {
                    image = try ResizeStep.reduce(image, to: target.pixels)
                    image = try image.rendered()
                }
                try deadline.verify()
                var finished = try SharpenStep.sharpen(
                    image, instructions.sharpening,
                    reduction: Double(probe.upright.width) / Double(target.pixels.width))
                finished = try WatermarkStep.mark(finished, with: instructions.watermark)
                made[target.size.name] = try EncodeStep.files(
                    finished, target.size, further: instructions.furtherFormats[target.size.name] ?? [],
                    segments: segments, gamut: gamut)
            }
            // The cascade's last image is its smallest.
            sketch = try SketchStep.sketch(image)
        } catch let error as VipsError {
            throw LateError(cause: error)
        }
        let renditions = sizes.flatMap { made[$0.name] ?? [] }
        for rendition in renditions { try ReadBackStep.check(rendition, against: instructions.metadata) }
        return RenderedPhoto(probe: probe, metadata: metadata.values, renditions: renditions, sketch: sketch)
    }

    /// - Throws: A final ``RenditionError`` `too_many_pixels` beyond the limit.
    private static func checked(_ probe: PhotoProbe, _ limits: RenderLimits) throws -> PhotoProbe {
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

    /// A failure after the pixels were decoded, for which the original can't be blamed.
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
            code: "internal", stage: .render, retriable: true,
            message: "Something went wrong on our side while preparing this photo. It will be tried again.",
            detail: "\(error.operation): \(error.text)")
    }
}
