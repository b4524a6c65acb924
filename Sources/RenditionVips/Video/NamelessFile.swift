import CSpawn
import Foundation
import Glibc

/// Bytes that another process can read as a file, from any place in it. The file has no name, so that it goes with the
/// last process that has it open.
struct NamelessFile: ~Copyable {
    let descriptor: Int32

    /// - Throws: ``NoRoom``.
    init(_ bytes: UnsafeRawBufferPointer) throws {
        var path = Array((NSTemporaryDirectory() + "/renditions-XXXXXX").utf8CString)
        // No program that is started meanwhile gets it.
        let file = mkostemp(&path, O_CLOEXEC)
        guard file >= 0 else { throw Self.failure() }
        defer { close(file) }
        // Before anything is written, so that nothing stays behind where this process is killed.
        unlink(path)
        var done = 0
        while done < bytes.count {
            let count = write(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                throw Self.failure()
            }
            done += count
        }
        // Nobody can read it but whoever is handed the descriptor, and that may be a process without rights. Nobody can
        // write it any more.
        fchmod(file, 0o444)
        let reader = Glibc.open("/proc/self/fd/\(file)", O_RDONLY | O_CLOEXEC)
        guard reader >= 0 else { throw Self.failure() }
        descriptor = reader
    }

    deinit { close(descriptor) }

    /// The folder of temporary files is full, missing or may not be written to.
    struct NoRoom: Error {
        let folder: String
        let reason: String
    }

    private static func failure() -> NoRoom {
        NoRoom(folder: NSTemporaryDirectory(), reason: String(cString: strerror(errno)))
    }
}
