import Foundation

/// Why a server of the tests could not start or be asked.
package struct ServerFault: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }

    /// With the last lines of the server's log.
    package init(_ description: String, log path: String) {
        let log = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        let tail = log.split(separator: "\n").suffix(20).joined(separator: "\n")
        self.init("\(description)\n\(tail)")
    }
}
