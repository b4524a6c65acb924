import Foundation

/// What was measured, as a table to read in a terminal.
package struct MeasureTable: Sendable {
    private let title: String
    private var rows: [[String]]
    /// Sentences below the table.
    private let notes: [String]

    package init(_ title: String, columns: [String], notes: [String] = []) {
        self.title = title
        self.notes = notes
        rows = [columns]
    }

    package mutating func add(_ row: [String]) { rows.append(row) }

    /// The first column from the left, the others, which are numbers, from the right.
    package var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + blanks : blanks + cell.0
            }.joined(separator: "  ").replacing(/\ +$/, with: "")
        }
        return ([title, ""] + lines + (notes.isEmpty ? [] : [""]) + notes).joined(separator: "\n") + "\n"
    }

    /// Keeps the table where `make fidelity` finds it.
    package func write(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: Measures.folder, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(Measures.folder)/\(name).txt"))
    }
}

extension Double {
    /// The number with as many digits behind the point.
    package func digits(_ count: Int) -> String { String(format: "%.\(count)f", self) }
}
