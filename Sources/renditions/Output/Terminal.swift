import ArgumentParser
import Foundation
import RenditionCore
import Synchronization

/// What goes to the person or program that called, and how the process ends.
enum Terminal {
    /// Exit codes beside 0 and ArgumentParser's 64, after BSD's sysexits.h.
    enum Status {
        /// Some of the work could not be done.
        static let incomplete = ExitCode(1)
        /// A signal asked it to end before its work was done.
        static let interrupted = ExitCode(130)
        /// An input isn't there or can't be read.
        static let noInput = ExitCode(66)
        /// The store failed.
        static let storeFailed = ExitCode(74)
        /// A setting is wrong.
        static let configuration = ExitCode(78)
    }

    /// Writes a line to standard output at once, also when it is a pipe.
    static func print(_ line: String) {
        do {
            try FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
        } catch {
            outputFailed.withLock { $0 = true }
        }
    }

    /// Whether something that was to be printed went nowhere.
    private static let outputFailed = Mutex(false)

    /// Writes a line to standard error.
    static func complain(_ line: String) {
        try? FileHandle.standardError.write(contentsOf: Data("renditions: \(line)\n".utf8))
    }

    /// Writes a value as one line of JSON, with dates and keys in a stable order.
    static func printJSON(_ value: some Encodable, pretty: Bool = false) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Runs a command and turns what goes wrong into one clear line and an exit code.
    static func guarded(_ body: () async throws -> Void) async throws {
        do {
            try await body()
            if outputFailed.withLock({ $0 }) {
                complain("The output could not be written.")
                throw Status.storeFailed
            }
        } catch let error as SettingError {
            complain(error.description)
            throw Status.configuration
        } catch let error as DecodingError {
            complain("The store holds something that can't be read, which no version of this program wrote: \(error)")
            throw Status.storeFailed
        } catch let error as RenditionError {
            complain([error.message, error.detail.map { "(\($0))" }].compactMap { $0 }.joined(separator: " "))
            throw error.code == "no_store" || error.code == "not_a_store" ? Status.noInput : Status.storeFailed
        }
    }
}
