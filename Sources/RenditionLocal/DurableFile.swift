import Crypto
import Foundation
import RenditionCore

/// Writes files so that a name either holds all its bytes or none, whatever happens in between: into a temporary file,
/// through to the disk, then renamed.
package enum DurableFile {
    /// What was written.
    package struct Written: Sendable {
        package var size: Int
        /// SHA-256.
        package var checksum: String
    }

    /// Writes a body to a temporary path and through to the disk. On failure nothing remains.
    package static func write(_ body: ObjectBody, to temporary: String) throws -> Written {
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw StoreFault.file(errno, "make", temporary) }
        var finished = false
        defer {
            close(descriptor)
            if !finished { unlink(temporary) }
        }
        var hash = SHA256()
        var size = 0
        let append: (UnsafeRawBufferPointer) throws -> Void = { chunk in
            hash.update(bufferPointer: chunk)
            size += chunk.count
            try writeAll(chunk, descriptor, temporary)
        }
        switch body {
        case .bytes(let bytes): try bytes.withUnsafeBytes(append)
        case .file(let path): try readChunks(of: path, append)
        }
        guard fsync(descriptor) == 0 else { throw StoreFault.file(errno, "sync", temporary) }
        finished = true
        return Written(size: size, checksum: Checksum.hex(hash.finalize()))
    }

    /// Moves a finished temporary file to its name, making folders on the way, and makes the move last.
    package static func move(_ temporary: String, to path: String) throws {
        let folder = PathName.folder(path)
        try makeFolders(folder)
        guard rename(temporary, path) == 0 else { throw StoreFault.file(errno, "rename to", path) }
        try syncFolder(folder)
    }

    /// Reads a whole file.
    ///
    /// - Returns: nil where there is none.
    package static func read(_ path: String) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw StoreFault.file(errno, "open", path, stage: .fetch)
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw StoreFault.file(errno, "look at", path, stage: .fetch) }
        let size = Int(status.st_size)
        return try [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size {
                let got = Foundation.read(descriptor, buffer.baseAddress! + count, size - count)
                if got < 0, errno == EINTR { continue }
                guard got >= 0 else { throw StoreFault.file(errno, "read", path, stage: .fetch) }
                if got == 0 { break }
                count += got
            }
        }
    }

    /// Makes a folder and those above it, each made to last.
    package static func makeFolders(_ folder: String) throws {
        if folder.isEmpty || access(folder, F_OK) == 0 { return }
        let parent = PathName.folder(folder)
        try makeFolders(parent)
        guard mkdir(folder, 0o777) == 0 || errno == EEXIST else { throw StoreFault.file(errno, "make", folder) }
        try syncFolder(parent.isEmpty ? (folder.hasPrefix("/") ? "/" : ".") : parent)
    }

    private static func syncFolder(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreFault.file(errno, "open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreFault.file(errno, "sync", folder) }
    }

    private static func writeAll(_ chunk: UnsafeRawBufferPointer, _ descriptor: Int32, _ path: String) throws {
        var done = 0
        while done < chunk.count {
            let rest = UnsafeRawBufferPointer(rebasing: chunk[done...])
            let written = Foundation.write(descriptor, rest.baseAddress, rest.count)
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw StoreFault.file(errno, "write", path) }
            done += written
        }
    }

    private static func readChunks(of path: String, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        func unreadable() -> RenditionError {
            RenditionError(
                code: "unreadable", stage: .fetch, retriable: false,
                message: "\(path) can't be read: \(String(cString: strerror(errno))).")
        }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable() }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable() }
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
