import COnePass
import CVips
import RenditionCore

/// From a camera's JPEG to all sizes in one pass: each strip that is decoded goes through all reductions at once, luma and
/// chroma by themselves, and from there into the encoders, with 14 bits on the way and rounded once.
///
/// It takes what most photos are, YCbCr of 8 bits. Whatever it can't do is for the ``Cascade``, whose word on a damaged file
/// counts. It must not outlive the original's bytes, and belongs to one thread.
struct OnePass {
    private let decoder: JPEGPlanes
    private let probe: PhotoProbe
    private let deadline: RenderDeadline

    /// - Returns: nil for what it can't decode.
    init?(_ source: borrowing OpenedOriginal, _ bytes: UnsafeRawBufferPointer, _ deadline: RenderDeadline) {
        guard source.probe.format == .jpeg, source.isCameraEncoded,
            let decoder = JPEGPlanes(bytes, within: deadline.rest)
        else { return nil }
        self.decoder = decoder
        self.deadline = deadline
        probe = source.probe
    }

    /// What all sizes show.
    ///
    /// - Parameters:
    ///   - targets: The largest first.
    ///   - conversion: What becomes of the colours; nil where they stay as they are.
    ///   - encoding: How the original's colours are to be read, for the receipt.
    /// - Returns: nil where the original can't be decoded, or its colours would come out wrong.
    func frames(
        _ targets: [(size: RenditionSize, pixels: PixelSize)], _ instructions: RenderInstructions,
        converting conversion: MatrixConversion? = nil, _ encoding: ReferenceConversion.Encoding?,
        _ times: inout StageTimes
    ) throws -> (frames: [any Frame], receipt: ColourReceipt?)? {
        let turn = Turn(orientation: probe.orientation)
        let measured = ColourReceipt.size(of: targets.map(\.size))
        // Chroma that was halved can't be made whole again, so each size has what a smaller one needs.
        let firstHalved =
            (targets.lastIndex { target in
                instructions.needsPixels(of: target.size) || !JPEGEncoder.halvesChroma(target.size.quality)
            } ?? -1) + 1
        var sinks: [any PlaneSink] = []
        for (index, target) in targets.enumerated() {
            // Colours are converted where each pixel has its own of them.
            let isHalved = index >= max(firstHalved, conversion == nil ? 0 : 1)
            let isSeenAgain =
                target.size == measured || index == targets.count - 1 || instructions.needsPixels(of: target.size)
            if turn.keepsOrder, !isSeenAgain, isHalved == JPEGEncoder.halvesChroma(target.size.quality) {
                let encoder = try JPEGEncoder(
                    target.pixels, .planes, quality: target.size.quality, scans: instructions.scans)
                sinks.append(PlaneStream(target.pixels, isHalved: isHalved, turn, encoder))
            } else {
                sinks.append(PlaneStore(target.pixels, isHalved: isHalved, turn))
            }
        }
        let blocks = measured.flatMap { size in targets.first { $0.size == size } }
            .map { BlockMeans($0.pixels, turn) }
        guard try run(into: sinks, turn, conversion, blocks, &times) else { return nil }
        let frames = zip(targets, sinks).map { PlaneFrame($0.size, $1, isSeenAgain: $0.size == targets.last?.size) }
        let store = sinks.lazy.compactMap { $0 as? PlaneStore }.first { $0.pixels == blocks?.pixels }
        guard let encoding, let blocks, let store else { return (frames, nil) }
        let receipt = times.measure(.receipt) { blocks.receipt(for: store, by: encoding) }
        return receipt?.isGood == false ? nil : (frames, receipt)
    }

    /// The original reduced and as it is stored, in its own colours.
    ///
    /// - Parameters:
    ///   - pixels: The upright size.
    ///   - image: Whose profile it gets.
    /// - Returns: nil where the original can't be decoded.
    func reduced(
        to pixels: PixelSize, profileOf image: borrowing Image, _ times: inout StageTimes
    ) throws -> Image? {
        let asStored = Turn(orientation: 1)
        let store = PlaneStore(probe.orientation >= 5 ? pixels.transposed : pixels, isHalved: false, asStored)
        guard try run(into: [store], asStored, nil, nil, &times) else { return nil }
        let reduced = try store.image()
        if let profile = image.blob("icc-profile-data") { reduced.setBlob("icc-profile-data", profile) }
        return reduced
    }

    /// Decodes once, and fills all sinks, each from what goes into the one before it.
    ///
    /// - Returns: Whether the original could be decoded.
    private func run(
        into sinks: [any PlaneSink], _ turn: Turn, _ conversion: MatrixConversion?, _ blocks: BlockMeans?,
        _ times: inout StageTimes
    ) throws -> Bool {
        var stage = ContinuousClock.now
        guard let planes = decoder.start(eighths: 8) else { return try failed() }
        stage = times.add(.decode, since: stage)
        let width = turn.isTransposed ? sinks[0].pixels.height : sinks[0].pixels.width
        let join = conversion.map { ColourJoin($0, width: width) }
        let chains = planes.enumerated().map { PlaneChain($0, $1, sinks, turn, join) }
        let count = (Int(planes[0].height) + Int(planes[0].rows) - 1) / Int(planes[0].rows)
        for strip in 0..<count {
            stage = times.add(.resize, since: stage)
            let rows = chains.map(\.room)
            guard decoder.strip(into: rows) else { return try failed() }
            stage = times.add(.decode, since: stage)
            for (index, chain) in chains.enumerated() {
                blocks?.add(rows[index], from: strip * rows[index].count, plane: index, planes[index])
                try chain.advance()
            }
            try join?.forEachConverted { rows in
                for (chain, row) in zip(chains, rows) { try chain.receive(row) }
            }
        }
        times.add(.resize, since: stage)
        if let join {
            times.add(.colour, join.spent)
            times.add(.resize, .zero - join.spent)
        }
        return true
    }

    private func failed() throws -> Bool {
        try deadline.verify()
        return false
    }
}
