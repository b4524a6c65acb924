import Foundation

/// Changes an embedded store behind its back, as a person with the `sqlite3` shell would.
package enum SQLiteShell {
    /// A statement that failed.
    package struct Failure: Error {
        package let output: String
    }

    package static func run(_ statement: String, _ database: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["sqlite3", "-cmd", ".timeout 10000", database, statement]
        let output = Pipe()
        process.standardError = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus != 0 { throw Failure(output: text) }
    }
}
