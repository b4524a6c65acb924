/// The primaries and the white of an RGB space, as places in the CIE 1931 chromaticity diagram.
struct Chromaticities: Equatable {
    struct Place: Equatable {
        var x: Double
        var y: Double

        /// X, Y and Z of a light of that colour, Y being 1.
        var xyz: [Double] { [x / y, 1, (1 - x - y) / y] }
        fileprivate var isVisible: Bool { y > 0.0001 && x >= 0 && x + y <= 1.0001 }
    }

    var red: Place
    var green: Place
    var blue: Place
    var white: Place

    static let d65 = Place(x: 0.3127, y: 0.3290)

    /// Primaries under D65, x and y of each.
    init(_ red: (Double, Double), _ green: (Double, Double), _ blue: (Double, Double), white: Place = d65) {
        self.red = Place(x: red.0, y: red.1)
        self.green = Place(x: green.0, y: green.1)
        self.blue = Place(x: blue.0, y: blue.1)
        self.white = white
    }

    /// What a profile of the space holds.
    struct Colorants: Equatable {
        /// X, Y and Z of red, green and blue, adapted to D50.
        var primaries: [[Double]]
        /// The matrix that adapted them, row by row.
        var adaptation: [Double]
    }

    /// - Returns: nil where no such space can be: places outside of the diagram, or primaries on one line.
    var colorants: Colorants? {
        guard [red, green, blue, white].allSatisfy(\.isVisible) else { return nil }
        let columns = [red.xyz, green.xyz, blue.xyz]
        let matrix = Matrix3(rows: (0..<3).map { row in columns.map { $0[row] } })
        guard let inverse = matrix.inverse, let adaptation = Self.adaptation(from: white.xyz) else { return nil }
        // How much of each primary makes white.
        let amounts = inverse.applied(to: white.xyz)
        guard amounts.allSatisfy({ $0 > 0 }) else { return nil }
        let adapted = zip(columns, amounts).map { column, amount in
            adaptation.applied(to: column.map { $0 * amount })
        }
        // A white that hardly stirs an eye is adapted by numbers that no profile can hold.
        let numbers = adapted.flatMap { $0 } + adaptation.rows.flatMap { $0 }
        guard numbers.allSatisfy({ abs($0) < 16 }) else { return nil }
        return Colorants(primaries: adapted, adaptation: adaptation.rows.flatMap { $0 })
    }

    /// Bradford's linear adaptation to the profile connection space's D50 (ICC.1:2022, annex E.3).
    private static func adaptation(from white: [Double]) -> Matrix3? {
        let cone = Matrix3(rows: [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
        let (old, new) = (cone.applied(to: white), cone.applied(to: [0.9642, 1, 0.8249]))
        guard let inverse = cone.inverse, old.allSatisfy({ $0 > 0 }) else { return nil }
        let scale = Matrix3(rows: (0..<3).map { row in (0..<3).map { $0 == row ? new[row] / old[row] : 0 } })
        return inverse * (scale * cone)
    }
}

/// A matrix of three rows and three columns.
struct Matrix3 {
    let rows: [[Double]]

    func applied(to vector: [Double]) -> [Double] { rows.map { zip($0, vector).reduce(0) { $0 + $1.0 * $1.1 } } }

    static func * (left: Matrix3, right: Matrix3) -> Matrix3 {
        Matrix3(
            rows: left.rows.map { row in
                (0..<3).map { column in (0..<3).reduce(0) { $0 + row[$1] * right.rows[$1][column] } }
            })
    }

    /// - Returns: nil where there is none.
    var inverse: Matrix3? {
        func cofactor(_ row: Int, _ column: Int) -> Double {
            let (r1, r2, c1, c2) = ((row + 1) % 3, (row + 2) % 3, (column + 1) % 3, (column + 2) % 3)
            return rows[r1][c1] * rows[r2][c2] - rows[r1][c2] * rows[r2][c1]
        }
        let determinant = (0..<3).reduce(0) { $0 + rows[0][$1] * cofactor(0, $1) }
        guard abs(determinant) > 1e-9 else { return nil }
        return Matrix3(rows: (0..<3).map { row in (0..<3).map { cofactor($0, row) / determinant } })
    }
}
