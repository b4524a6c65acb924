import Foundation
import RenditionCore
import RenditionVips

/// Whether a folder can be written, and how much room its disk has.
enum DiskLook {
    /// Below this little fits, in bytes.
    private static let scarce = 100_000_000
    /// Below this it is worth saying, in bytes: two of the largest originals.
    private static let low = 1_000_000_000

    /// - Parameters:
    ///   - path: The folder.
    ///   - purpose: What it is to the operator, such as `TMPDIR`.
    static func findings(_ path: String, _ purpose: String, _ group: Finding.Group) -> [Finding] {
        let subject = "\(purpose), \(path)"
        func bad(_ text: String, _ remedy: String) -> [Finding] {
            [Finding(group, .bad, subject, text, remedy: remedy)]
        }
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return bad("there is no such folder", "Make it, or name another.")
        }
        if let reason = refusal(path) {
            return bad(
                "it can't be written: \(reason)", "Give this user the right to write there, or name another folder.")
        }
        var disk = statvfs()
        guard statvfs(path, &disk) == 0 else {
            return [Finding(group, .unknown, subject, "its disk doesn't tell its room")]
        }
        return findings(
            subject, group, bytes: Int(clamping: UInt64(disk.f_bavail) * UInt64(disk.f_frsize)),
            files: disk.f_files == 0 ? nil : Int(clamping: disk.f_favail))
    }

    /// - Parameters:
    ///   - bytes: What is free.
    ///   - files: How many files there may still be; nil where the file system counts none.
    static func findings(_ subject: String, _ group: Finding.Group, bytes: Int, files: Int?) -> [Finding] {
        let remedy = "Make room, or name a folder on another disk."
        let text = bytes < 1_000_000_000 ? "\(Format.bytes(bytes)) free" : "\(bytes / 1_000_000_000) GB free"
        if bytes < scarce { return [Finding(group, .bad, subject, text, remedy: remedy)] }
        if let files, files < 1000 {
            return [
                Finding(group, .bad, subject, "room for \(files) files", remedy: "Remove files, or use another disk.")
            ]
        }
        return [Finding(group, bytes < low ? .warning : .good, subject, text, remedy: bytes < low ? remedy : nil)]
    }

    /// Why a file can't be made there; nil where it can. The file has no name, so that nothing is left of it.
    private static func refusal(_ path: String) -> String? {
        do {
            _ = try NamelessFile(UnsafeRawBufferPointer(start: nil, count: 0), in: path)
            return nil
        } catch {
            return (error as? NamelessFile.NoRoom)?.reason ?? "\(error)"
        }
    }
}
