import RenditionCore

/// A rectangle of a picture whose width and height are 1.
struct UnitRectangle {
    var left: Double
    var top: Double
    var right: Double
    var bottom: Double
}

/// Adds up the samples of a plane that a rectangle covers, row by row; those at its rim in part.
struct WeightedSum {
    /// The rows that it covers.
    let rows: Range<Int>
    private let columns: Range<Int>
    private let left: Double
    private let top: Double
    private let right: Double
    private let bottom: Double
    private var sum = 0.0
    private var weight = 0.0

    /// - Parameters:
    ///   - width: The picture's in the plane's samples.
    ///   - height: The picture's in the plane's samples.
    ///   - size: Samples that there are.
    init(_ rectangle: UnitRectangle, _ width: Double, _ height: Double, _ size: PixelSize) {
        (left, right) = (rectangle.left * width, rectangle.right * width)
        (top, bottom) = (rectangle.top * height, rectangle.bottom * height)
        func covered(_ from: Double, _ to: Double, _ length: Int) -> Range<Int> {
            let first = max(0, min(length - 1, Int(from)))
            return first..<max(first + 1, min(length, Int(to.rounded(.up))))
        }
        columns = covered(left, right, size.width)
        rows = covered(top, bottom, size.height)
    }

    var mean: Double { weight > 0 ? sum / weight : 0 }

    /// Adds what is covered of a row that is one of ``rows``.
    mutating func add(_ samples: UnsafePointer<UInt8>, row: Int) {
        let share = max(1e-6, min(bottom, Double(row + 1)) - max(top, Double(row)))
        for column in columns {
            let own = share * max(1e-6, min(right, Double(column + 1)) - max(left, Double(column)))
            sum += own * Double(samples[column])
            weight += own
        }
    }
}
