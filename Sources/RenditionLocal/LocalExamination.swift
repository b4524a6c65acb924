import Foundation
import GRDB
import RenditionCore

/// Looks at an embedded store without opening it as one: nothing is made, mended or swept.
package struct LocalExamination: Sendable {
    private let root: String

    package init(directory: String) {
        root = directory.hasSuffix("/") && directory.count > 1 ? String(directory.dropLast()) : directory
    }

    private var database: String { "\(root)/store.sqlite" }
    /// What the findings are about.
    package var subject: String { "embedded store in \(root)" }

    /// Whether there is one.
    package var isThere: Bool { access(database, F_OK) == 0 }

    /// Whether the database is whole. It reads all of it, which takes a while where it is large, and blocks.
    ///
    /// - Throws: A ``RenditionError`` where it can't be opened.
    package func integrity() throws -> [Finding] {
        let subject = "database \(database)"
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(15)
        let problems: [String]
        let size: Int
        do {
            let queue = try DatabaseQueue(path: database, configuration: configuration)
            problems = try queue.read { try String.fetchAll($0, sql: "PRAGMA quick_check(5)") }
            size = try queue.read { try Int.fetchOne($0, sql: "PRAGMA page_count") ?? 0 }
        } catch let error as DatabaseError {
            let fault = StoreFault.database(error, database)
            let isDamaged = fault.code == "damaged_store"
            return [
                Finding(
                    .storage, isDamaged ? .bad : .unknown, subject,
                    "it can't be read: \(error.message ?? fault.message)",
                    remedy: isDamaged ? Self.restore : fault.message)
            ]
        }
        guard problems == ["ok"] else {
            let text = problems.map { $0.split(whereSeparator: \.isNewline).joined(separator: "; ") }
                .joined(separator: "; ")
            return [Finding(.storage, .bad, subject, "it is damaged: \(text)", remedy: Self.restore)]
        }
        return [Finding(.storage, .good, subject, "is whole (\(size) pages)")]
    }

    private static let restore =
        "Stop the workers, keep a copy of the folder, and restore store.sqlite from a backup, or save what can be had "
        + "with sqlite3's .recover."

    /// What dead processes left in the folder of unfinished files.
    package func leftovers() -> [Finding] {
        let folder = "\(root)/tmp"
        let subject = "unfinished files, \(folder)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        var dead = 0
        for name in names where TemporaryFolder.isAbandoned("\(folder)/\(name)") { dead += 1 }
        guard dead > 0 else { return [Finding(.storage, .good, subject, "nothing is left of dead processes")] }
        return [
            Finding(
                .storage, .warning, subject,
                "\(dead) \(dead == 1 ? "folder is" : "folders are") left of dead processes",
                remedy: "The next `renditions worker` sweeps them.")
        ]
    }
}
