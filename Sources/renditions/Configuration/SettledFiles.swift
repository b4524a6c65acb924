/// Decides when files that somebody may just be writing are to be read.
///
/// Half a file can be valid, and say the opposite of the whole: a changed file counts when two looks found the same.
struct SettledFiles: Sendable {
    /// What the settings in force, or the last refusal, come from.
    private(set) var judged: SettingFiles
    private var seen: SettingFiles

    init(_ judged: SettingFiles) {
        self.judged = judged
        seen = judged
    }

    /// What is to be looked at.
    var names: [String] { Set(judged.names).union(seen.names).sorted() }

    /// Notes a look.
    ///
    /// - Returns: Whether the files say something new that has been there for two looks.
    mutating func isNew(_ files: SettingFiles) -> Bool {
        defer { seen = files }
        return files != judged && files == seen
    }

    /// Notes that files were read, whatever came of it.
    mutating func judge(_ files: SettingFiles) {
        judged = files
        seen = files
    }
}
