import RenditionCore

/// Decodes an original and makes what each size shows, by the quickest way there is for it, with a receipt of its colours.
enum FramesStep {
    /// - Parameters:
    ///   - bytes: The original's.
    ///   - sizes: At least one.
    /// - Returns: The largest first.
    static func frames(
        of source: borrowing OpenedOriginal, _ bytes: UnsafeRawBufferPointer, _ instructions: RenderInstructions,
        _ sizes: [RenditionSize], from colours: ColourStep.Source, to gamut: OutputGamut,
        _ metadata: inout PhotoMetadata, _ deadline: RenderDeadline, _ times: inout StageTimes
    ) throws -> [any Frame] {
        let targets = Cascade.targets(sizes, source.probe)
        let conversion =
            gamut == .srgb && colours == .profile
            ? source.image.blob("icc-profile-data").flatMap(MatrixConversion.of) : nil
        if instructions.adjustments == .none, colours == .sRGB || conversion != nil {
            let made = try OnePass(source, bytes, deadline)?.frames(
                targets, instructions, converting: conversion, ColourStep.reference(for: source.image), &times)
            if let made {
                metadata.deltaE = made.receipt?.mean
                return made.frames
            }
        } else if let reduced = try OnePass(source, bytes, deadline)?.reduced(
            to: targets[0].pixels, profileOf: source.image, &times)
        {
            let cascade = Cascade(reduced: reduced, source.probe, targets, instructions.adjustments)
            return try frames(of: cascade, from: colours, to: gamut, &metadata, deadline, &times)
        }
        let began = ContinuousClock.now
        let cascade = try Cascade(source, sizes, instructions.adjustments)
        times.add(.decodeAndResize, since: began)
        try deadline.verify()
        return try frames(of: cascade, from: colours, to: gamut, &metadata, deadline, &times)
    }

    /// Where the colours are off, they are made again the careful way.
    private static func frames(
        of cascade: borrowing Cascade, from colours: ColourStep.Source, to gamut: OutputGamut,
        _ metadata: inout PhotoMetadata, _ deadline: RenderDeadline, _ times: inout StageTimes
    ) throws -> [any Frame] {
        let frames = try cascade.frames(from: colours, to: gamut, deadline, &times)
        guard let receipt = times.measure(.receipt, { cascade.receipt(for: frames, in: gamut) }) else { return frames }
        metadata.deltaE = receipt.mean
        if receipt.isGood { return frames }
        // Where it can't be done, there are frames to publish all the same.
        guard let careful = try? cascade.frames(from: colours, to: gamut, isCareful: true, deadline, &times),
            let second = times.measure(.receipt, { cascade.receipt(for: careful, in: gamut) }),
            second.mean < receipt.mean
        else {
            metadata.warnings.append(ColourReceipt.warning(receipt))
            return frames
        }
        metadata.deltaE = second.mean
        if !second.isGood { metadata.warnings.append(ColourReceipt.warning(second)) }
        return careful
    }
}

extension RenderInstructions {
    /// Whether a size's files are made of pixels that something is done to, or of more than the JPEG alone.
    func needsPixels(of size: RenditionSize) -> Bool {
        sharpening != .off || watermark != nil || !(furtherFormats[size.name] ?? []).isEmpty
    }
}
