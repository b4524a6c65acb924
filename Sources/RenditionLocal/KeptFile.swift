import Foundation
import RenditionCore

/// The file that stood under an object's name, kept under a second one until the row of what takes its place is certain.
///
/// A process that dies in between leaves it in its temporary folder, with a link that says whose it is. Whoever sweeps up
/// behind that process puts it back (``mend(_:at:)``).
struct KeptFile: Sendable {
    private let path: String
    private static let suffix = ".of"
    private var sign: String { path + Self.suffix }

    init(in temporary: TemporaryFolder) { path = temporary.newFile() }

    private init(path: String) { self.path = path }

    /// Keeps what stands under a name, also where that is nothing.
    ///
    /// - Throws: A ``RenditionError`` of the store where there is no room for it.
    func keep(_ bucket: Bucket, _ key: String, at name: String) throws {
        // Some file systems have no second names; there it isn't kept.
        let none = [EPERM, EOPNOTSUPP, EMLINK]
        guard symlink("\(bucket.rawValue)/\(key)", sign) == 0 || none.contains(errno) else {
            throw StoreFault.file(errno, "keep", name)
        }
        guard link(name, path) == 0 || (none + [ENOENT, ENOTDIR]).contains(errno) else {
            throw StoreFault.file(errno, "keep", name)
        }
    }

    /// Lets go of it.
    func forget() {
        unlink(path)
        unlink(sign)
    }

    /// Has the file under a name be the one that its row speaks of. Call it in a transaction, in which nobody else writes.
    ///
    /// - Parameter isFile: Whether a file is the row's; nil where there is no row.
    func mend(_ isFile: ((String) throws -> Bool)?, at name: String) throws {
        guard let isFile else {
            guard unlink(name) == 0 || errno == ENOENT || errno == ENOTDIR else {
                throw StoreFault.file(errno, "remove", name)
            }
            return
        }
        guard try !isFile(name), try isFile(path) else { return }
        guard rename(path, name) == 0 else { throw StoreFault.file(errno, "put back", name) }
    }

    /// What a dead process has kept.
    static func left(in folder: String) -> [(kept: KeptFile, bucket: Bucket, key: String)] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(suffix) }.compactMap { name in
            let sign = "\(folder)/\(name)"
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: sign),
                let slash = target.firstIndex(of: "/"), let bucket = Bucket(rawValue: String(target[..<slash]))
            else { return nil }
            return (
                KeptFile(path: String(sign.dropLast(suffix.count))), bucket,
                String(target[target.index(after: slash)...])
            )
        }
    }
}
