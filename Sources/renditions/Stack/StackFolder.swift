import Foundation
import RenditionAWS

/// Where a stack keeps what lasts: the emulator's data, and the key of its user. One stack at a time has it.
struct StackFolder: Sendable {
    /// Absolute.
    let path: String

    /// Written first into a new folder, so that no other is ever taken for one and forgotten.
    private static let mark = "stack"

    /// Takes the folder, which is made where there is none, for as long as this process lives.
    ///
    /// - Throws: ``SettingError`` where another stack has it, or something else lies there.
    static func taking(_ path: String) throws -> StackFolder {
        let absolute = URL(fileURLWithPath: path).standardizedFileURL.path
        let folder = StackFolder(path: absolute)
        let files = FileManager.default
        do {
            try files.createDirectory(atPath: absolute, withIntermediateDirectories: true)
            let isOurs = files.fileExists(atPath: folder.file(mark))
            guard try isOurs || files.contentsOfDirectory(atPath: absolute).isEmpty else {
                throw SettingError("\(path) holds something else than a stack's data; name another folder with --data.")
            }
        } catch let error as CocoaError {
            throw SettingError("\(path) can't be used for the stack's data: \(error.localizedDescription)")
        }
        let descriptor = open(folder.file(mark), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SettingError("\(path) can't be used for the stack's data: \(String(cString: strerror(errno))).")
        }
        // Never closed: the lock is to last as long as the process.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw SettingError(
                "Another stack runs on the data in \(path). End that one first, with Ctrl-C where it runs.")
        }
        for name in MiniStack.folders {
            try files.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
        }
        return folder
    }

    /// Removes everything, so that the next stack begins with nothing.
    func forget() throws { try FileManager.default.removeItem(atPath: path) }

    private func file(_ name: String) -> String { "\(path)/\(name)" }

    // MARK: The user's key

    private struct Key: Codable {
        var id: String
        var secret: String
    }

    private var keyFile: String { file("key.json") }

    /// nil where none was kept.
    var key: Credentials? {
        guard let data = FileManager.default.contents(atPath: keyFile),
            let key = try? JSONDecoder().decode(Key.self, from: data)
        else { return nil }
        return Credentials(accessKeyID: key.id, secretAccessKey: key.secret)
    }

    func keep(_ key: Credentials) throws {
        let data = try JSONEncoder().encode(Key(id: key.accessKeyID, secret: key.secretAccessKey))
        guard FileManager.default.createFile(atPath: keyFile, contents: data, attributes: [.posixPermissions: 0o600])
        else { throw SettingError("\(keyFile) can't be written.") }
    }
}
