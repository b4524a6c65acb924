import CSpawn
import Foundation
import Glibc

/// Bytes that another process can read as a file, from any place in it. The file has no name, so that it goes with the
/// last process that has it open, however that ends.
package struct NamelessFile: ~Copyable {
    let descriptor: Int32

    /// - Parameter folder: On whose disk it is; by default that of temporary files.
    /// - Throws: ``NoRoom``.
    package init(_ bytes: UnsafeRawBufferPointer, in folder: String = NSTemporaryDirectory()) throws {
        // mkstemp(3) fills the six letters in, where the file system knows no file without a name.
        var template = Array("\(folder)/renditions-XXXXXX".utf8CString)
        let file = shim_nameless_file(folder, &template)
        guard file >= 0 else { throw NoRoom(folder, errno) }
        defer { close(file) }
        var done = 0
        while done < bytes.count {
            let count = write(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw NoRoom(folder, errno) }
            done += count
        }
        // Nobody can read it but whoever is handed the descriptor, and that may be a process without rights. Nobody can
        // write it any more.
        guard fchmod(file, 0o444) == 0 else { throw NoRoom(folder, errno) }
        let reader = Glibc.open("/proc/self/fd/\(file)", O_RDONLY | O_CLOEXEC)
        guard reader >= 0 else { throw NoRoom(folder, errno) }
        descriptor = reader
    }

    deinit { close(descriptor) }

    /// The folder of temporary files is full, missing or may not be written to.
    package struct NoRoom: Error {
        package let folder: String
        package let reason: String

        fileprivate init(_ folder: String, _ code: Int32) {
            self.folder = folder
            reason = String(cString: strerror(code))
        }
    }
}
