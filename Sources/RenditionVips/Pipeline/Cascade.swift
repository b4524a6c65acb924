import RenditionCore

/// One decode, and from it the pixels of all sizes, each made from the next larger one.
struct Cascade: ~Copyable {
    /// The pixels as decoded and reduced to the largest size: still in the original's colours, and as they were stored.
    let reduced: Image
    private let orientation: Int
    private let targets: [(size: RenditionSize, pixels: PixelSize)]
    private let adjustments: ColorAdjustments

    /// Decodes the original. The decoder runs here, and only here.
    ///
    /// - Parameter sizes: At least one. Their pixels are computed from the original's, since two roundings can differ from
    ///   one by a pixel.
    init(_ source: borrowing OpenedOriginal, _ sizes: [RenditionSize], _ adjustments: ColorAdjustments) throws {
        targets = Self.targets(sizes, source.probe)
        orientation = source.probe.orientation
        self.adjustments = adjustments
        let largest = targets[0].pixels
        let flat = try FlattenStep.onWhite(source.image.reference())
        reduced = try ResizeStep.reduce(flat, to: orientation >= 5 ? largest.transposed : largest).rendered()
    }

    /// Goes on from pixels that were decoded and reduced elsewhere.
    ///
    /// - Parameter reduced: Of the largest size, as stored, in the original's colours and with its profile.
    init(
        reduced: consuming Image, _ probe: PhotoProbe, _ targets: [(size: RenditionSize, pixels: PixelSize)],
        _ adjustments: ColorAdjustments
    ) {
        self.reduced = reduced
        self.targets = targets
        orientation = probe.orientation
        self.adjustments = adjustments
    }

    /// The sizes and their upright pixels, the largest first.
    static func targets(
        _ sizes: [RenditionSize], _ probe: PhotoProbe
    ) -> [(size: RenditionSize, pixels: PixelSize)] {
        sizes.map { (size: $0, pixels: $0.fitted(probe.upright)) }.sorted { $0.pixels.pixels > $1.pixels.pixels }
    }

    /// The sizes' pixels, the largest first.
    ///
    /// - Parameter isCareful: Convert the colours in 16 bits and by the profile, whatever it looks like.
    func frames(
        from colours: ColourStep.Source, to gamut: OutputGamut, isCareful: Bool = false, _ deadline: RenderDeadline,
        _ times: inout StageTimes
    ) throws -> [ImageFrame] {
        var stage = ContinuousClock.now
        var image =
            isCareful
            ? try ColourStep.convertCarefully(reduced.reference(), from: colours, to: gamut)
            : try ColourStep.convert(reduced.reference(), from: colours, to: gamut)
        guard image.bands == 3 else {
            throw RenditionError.unsupported(
                "has \(reduced.bands) channels, which is no photo's number", instead: "an RGB picture")
        }
        image = try OrientStep.upright(image, orientation: orientation)
        let isTurned = orientation > 2
        // A turn has asked for all converted pixels.
        if isTurned { stage = times.add(.colour, since: stage) }
        image = try AdjustStep.adjust(image, adjustments)
        image = try image.rendered()
        stage = times.add(isTurned ? .orient : .colour, since: stage)
        var frames: [ImageFrame] = []
        for target in targets {
            if image.size != target.pixels { image = try ResizeStep.reduce(image, to: target.pixels).rendered() }
            try deadline.verify()
            frames.append(ImageFrame(target.size, image.reference()))
        }
        times.add(.resize, since: stage)
        return frames
    }

    /// Measures the colours of a frame.
    func receipt(for frames: [ImageFrame], in gamut: OutputGamut) -> ColourReceipt? {
        guard let frame = frames.first(where: { $0.size == ColourReceipt.size(of: frames.map(\.size)) }) else {
            return nil
        }
        return ColourReceipt.measure(
            frame.image, madeOf: reduced, orientation: orientation, from: ColourStep.reference(for: reduced),
            to: gamut, adjustments)
    }
}
