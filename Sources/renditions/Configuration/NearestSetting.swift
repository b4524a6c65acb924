extension Setting {
    /// The setting that was probably meant by a name that is no setting's; nil where none is close.
    static func nearest(to name: String) -> Setting? {
        // `threads` is meant for RENDITIONS_THREADS as well as RENDITIONS_THREDS is.
        let spellings = [name.uppercased(), prefix + name.uppercased()]
        let distances = all.map { setting in spellings.map { distance($0, setting.name) }.min() ?? .max }
        if let nearest = zip(all, distances).min(by: { $0.1 < $1.1 }), nearest.1 <= 2 { return nearest.0 }
        // A unit at the end is easily forgotten.
        let longer = all.filter { setting in spellings.contains { setting.name.hasPrefix($0 + "_") } }
        return longer.count == 1 ? longer[0] : nil
    }

    /// How many letters are to be added, left out or changed to make one word of another.
    private static func distance(_ one: String, _ other: String) -> Int {
        let other = Array(other.utf8)
        var row = Array(0...other.count)
        for (line, letter) in one.utf8.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for column in other.indices {
                let changed = diagonal + (other[column] == letter ? 0 : 1)
                diagonal = row[column + 1]
                row[column + 1] = min(changed, diagonal + 1, row[column] + 1)
            }
        }
        return row[other.count]
    }
}
