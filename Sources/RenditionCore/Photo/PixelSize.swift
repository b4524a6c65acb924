/// A width and a height in whole pixels.
package struct PixelSize: Sendable, Hashable, Codable, CustomStringConvertible {
    /// Columns, at least 1 in every size that this project computes.
    package var width: Int
    /// Rows, at least 1 in every size that this project computes.
    package var height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    /// Width times height, saturated: a file may declare sizes whose product overflows.
    package var pixels: Int {
        let (product, overflow) = width.multipliedReportingOverflow(by: height)
        return overflow ? .max : product
    }

    /// The same size turned by a quarter.
    package var transposed: PixelSize { PixelSize(width: height, height: width) }

    package var description: String { "\(width) × \(height)" }
}
