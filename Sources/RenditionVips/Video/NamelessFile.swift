import Foundation
import Glibc

/// Bytes that another process can read as a file, from any place in it. The file has no name, so that it goes with the
/// last process that has it open.
struct NamelessFile: ~Copyable {
    let descriptor: Int32

    /// - Throws: ``ChildProcess/NotStarted`` where there is no room for it.
    init(_ bytes: UnsafeRawBufferPointer) throws {
        var path = Array((NSTemporaryDirectory() + "/renditions-XXXXXX").utf8CString)
        let file = mkstemp(&path)
        guard file >= 0 else { throw Self.failure() }
        unlink(path)
        // Nobody can read it but whoever is handed the descriptor, and that may be a process without rights.
        fchmod(file, 0o444)
        var done = 0
        while done < bytes.count {
            let count = write(file, bytes.baseAddress.map { $0 + done }, bytes.count - done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let failure = Self.failure()
                close(file)
                throw failure
            }
            done += count
        }
        descriptor = file
    }

    deinit { close(descriptor) }

    private static func failure() -> ChildProcess.NotStarted {
        ChildProcess.NotStarted(program: NSTemporaryDirectory(), reason: String(cString: strerror(errno)))
    }
}
