import Foundation
import RenditionCore

/// Small files that hold settings or tokens, read anew each time since others rewrite them.
enum CredentialFile {
    /// Where reading them, and waiting for a credential process, blocks.
    static let threads = DispatchPool(width: 2, label: "credentials")

    /// The text of a file; nil where there is none. It blocks.
    ///
    /// - Throws: ``CredentialError`` where it can't be read.
    static func text(_ path: String) throws -> String? {
        do {
            return String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
        } catch let error as CocoaError where error.code == .fileReadNoSuchFile {
            return nil
        } catch {
            throw CredentialError("\(path) can't be read. Check that it is a file this user may read.")
        }
    }

    /// The token in a file, without the white space around it.
    ///
    /// - Parameter setting: What names the file, for the error.
    /// - Throws: ``CredentialError`` where there is none; `CancellationError`.
    static func token(_ path: String, setting: String) async throws -> String {
        let content = try await threads.run { try text(path) }
        guard let token = content?.trimmingCharacters(in: .whitespacesAndNewlines), !token.isEmpty else {
            throw CredentialError("There is no token in \(path), which \(setting) names. Check that setting.")
        }
        return token
    }
}
