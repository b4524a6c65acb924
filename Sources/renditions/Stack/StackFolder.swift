import Foundation
import RenditionAWS

/// Where a stack keeps what lasts: the emulator's data, and the key of its user. One stack at a time has it.
struct StackFolder: Sendable {
    /// Absolute.
    let path: String

    /// Written first into a new folder, so that no other is ever taken for one and forgotten.
    private static let mark = "galerly-renditions.stack"
    private static let word = "The data of a galerly-renditions stack, for development only.\n"

    /// Takes the folder, which is made where there is none, for as long as this process lives.
    ///
    /// - Throws: ``SettingError`` where another stack has it, or something else lies there.
    static func taking(_ path: String) throws -> StackFolder {
        // Where it is a link its target is what is meant, also when it is forgotten.
        let absolute = URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
        let folder = StackFolder(path: absolute)
        let files = FileManager.default
        do {
            try files.createDirectory(atPath: absolute, withIntermediateDirectories: true)
            guard try folder.isOurs || files.contentsOfDirectory(atPath: absolute).isEmpty else {
                throw SettingError("\(path) holds something else than a stack's data; name another folder with --data.")
            }
        } catch let error as CocoaError {
            throw SettingError("\(path) can't be used for the stack's data: \(error.localizedDescription)")
        }
        // Never closed: the lock is to last as long as the process.
        guard let mark = try folder.locked(folder.file(mark)) else {
            throw SettingError(
                "Another stack runs on the data in \(path). End that one first, with Ctrl-C where it runs.")
        }
        guard pwrite(mark, word, word.utf8.count, 0) == word.utf8.count else {
            throw SettingError("\(path) can't be used for the stack's data: \(String(cString: strerror(errno))).")
        }
        // Parts outlive a stack that was killed, for as long as they take to end.
        guard let parts = try folder.locked(folder.partsLock) else {
            throw SettingError(
                "Parts of the stack that ran on the data in \(path) are still ending. Try again in some seconds.")
        }
        close(parts)
        for name in MiniStack.folders {
            try files.createDirectory(atPath: folder.file(name), withIntermediateDirectories: true)
        }
        return folder
    }

    /// An empty mark alone is what a start leaves behind that was killed at its first step.
    private var isOurs: Bool {
        let files = FileManager.default
        guard let mark = files.contents(atPath: file(Self.mark)) else { return false }
        let isAlone = (try? files.contentsOfDirectory(atPath: path)) == [Self.mark]
        return mark == Data(Self.word.utf8) || mark.isEmpty && isAlone
    }

    /// Takes a file's lock without waiting.
    ///
    /// - Returns: the descriptor that holds it; nil where somebody else has it.
    private func locked(_ file: String) throws -> Int32? {
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw SettingError("\(path) can't be used for the stack's data: \(String(cString: strerror(errno))).")
        }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return descriptor }
        close(descriptor)
        return nil
    }

    /// What each part's leash holds while the part runs.
    var partsLock: String { file("parts") }

    /// Removes everything, so that the next stack begins with nothing. The mark goes last: interrupted, it can be done again.
    func forget() throws {
        let files = FileManager.default
        for name in try files.contentsOfDirectory(atPath: path) where name != Self.mark {
            try files.removeItem(atPath: file(name))
        }
        try files.removeItem(atPath: path)
    }

    private func file(_ name: String) -> String { "\(path)/\(name)" }

    // MARK: The emulator's port

    /// The port on which the emulator's objects have their addresses: the photos' records hold it.
    ///
    /// - Throws: ``SettingError`` where the data were made on another one.
    func keep(port: Int) throws {
        let portFile = file("port")
        if let kept = FileManager.default.contents(atPath: portFile).flatMap({
            Int(String(decoding: $0, as: UTF8.self))
        }) {
            guard kept == port else {
                throw SettingError(
                    "The data in \(path) were made with --aws-port \(kept), which the addresses of their pictures hold. "
                        + "Start with that port, name another folder with --data, or forget them with --forget.")
            }
        } else if !FileManager.default.createFile(atPath: portFile, contents: Data("\(port)".utf8)) {
            throw SettingError("\(portFile) can't be written.")
        }
    }

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
