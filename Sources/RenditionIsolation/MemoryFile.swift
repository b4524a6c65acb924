import CSandbox
import Foundation
import Glibc

/// A file in memory that two processes share.
///
/// It is read and written by calls and never mapped: whoever maps a file dies when the other side shortens it.
struct MemoryFile: ~Copyable {
    let descriptor: Int32
    private let isOwned: Bool

    /// Makes one.
    ///
    /// - Parameter appends: Whether every write goes to its end.
    /// - Throws: ``SystemFailure``.
    init(_ name: String, appends: Bool = false) throws {
        descriptor = sandbox_memory_file(name, appends)
        isOwned = true
        guard descriptor >= 0 else { throw SystemFailure("memfd_create") }
    }

    /// One that this process inherited.
    init(inherited descriptor: Int32) {
        self.descriptor = descriptor
        isOwned = false
    }

    deinit { if isOwned { close(descriptor) } }

    /// In bytes.
    var size: Int {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    /// - Throws: ``SystemFailure``.
    func resize(to size: Int) throws {
        guard ftruncate(descriptor, off_t(size)) == 0 else { throw SystemFailure("ftruncate") }
    }

    /// Writes all of it.
    ///
    /// - Throws: ``SystemFailure``, for want of memory above all.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws {
        var done = 0
        while done < bytes.count {
            let count = pwrite(
                descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, off_t(offset + done))
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw SystemFailure("pwrite") }
            done += count
        }
    }

    /// Reads as many bytes as were asked for.
    ///
    /// - Throws: ``SystemFailure`` where there are fewer.
    func read(_ count: Int, at offset: Int) throws -> [UInt8] {
        guard count >= 0, offset >= 0 else { throw SystemFailure("pread", code: EINVAL) }
        return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let result = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset + filled))
                if result < 0, errno == EINTR { continue }
                guard result > 0 else { throw SystemFailure("pread", code: result == 0 ? ENODATA : errno) }
                filled += result
            }
        }
    }
}

/// A system call that failed.
struct SystemFailure: Error, CustomStringConvertible {
    let call: String
    let code: Int32

    init(_ call: String, code: Int32 = errno) {
        self.call = call
        self.code = code
    }

    var description: String { "\(call): \(String(cString: strerror(code)))" }
}
