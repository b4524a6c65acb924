import COnePass
import RenditionCore

/// One direction of a plane of samples.
struct Span: Hashable {
    /// Samples that there are.
    var samples: Int
    /// The picture's own length, in such samples; less than there are where halving left a part over.
    var extent: Double
    /// Where the first sample begins: below 0 where that part is at the beginning.
    var origin = 0.0
}

/// A plane of samples, and how the picture lies in it.
struct PlaneShape: Hashable {
    var across: Span
    var down: Span

    init(across: Span, down: Span) {
        self.across = across
        self.down = down
    }

    init(_ plane: op_plane) {
        across = Span(samples: Int(plane.width), extent: plane.extent_x)
        down = Span(samples: Int(plane.height), extent: plane.extent_y)
    }

    /// A plane of a picture to be made.
    ///
    /// - Parameters:
    ///   - size: The picture as its original is stored.
    ///   - isHalved: Whether one sample stands for two pixels in each direction, as JPEG counts them from the upright
    ///     picture's upper left (ITU-T T.81, A.1.1).
    ///   - turn: What brings it upright.
    init(_ size: PixelSize, isHalved: Bool, _ turn: Turn) {
        func span(_ length: Int, isReversed: Bool) -> Span {
            guard isHalved else { return Span(samples: length, extent: Double(length)) }
            let samples = (length + 1) / 2
            let extent = Double(length) / 2
            return Span(samples: samples, extent: extent, origin: isReversed ? extent - Double(samples) : 0)
        }
        across = span(size.width, isReversed: turn.reversesRows)
        down = span(size.height, isReversed: turn.reversesColumns)
    }
}

/// How an original's pixels are brought upright (Exif 2.32, tag 0x0112).
struct Turn: Hashable {
    /// 1–8.
    let orientation: Int

    /// Whether stored rows become columns.
    var isTransposed: Bool { orientation >= 5 }
    /// Whether a stored row is read from its end.
    var reversesRows: Bool { [2, 3, 7, 8].contains(orientation) }
    /// Whether stored rows are read from the last to the first.
    var reversesColumns: Bool { [3, 4, 6, 7].contains(orientation) }
    /// Whether the upright picture's first rows are made of the first that are stored.
    var keepsOrder: Bool { !isTransposed && !reversesColumns }

    /// Where a rectangle of the upright picture is stored.
    func stored(_ upright: UnitRectangle) -> UnitRectangle {
        var (x, y) = ((upright.left, upright.right), (upright.top, upright.bottom))
        if isTransposed { swap(&x, &y) }
        if reversesRows { x = (1 - x.1, 1 - x.0) }
        if reversesColumns { y = (1 - y.1, 1 - y.0) }
        return UnitRectangle(left: x.0, top: y.0, right: x.1, bottom: y.1)
    }
}
