import Foundation
import GRDB
import RenditionCore

/// Puts the embedded store's own failures into words: what is wrong with the disk, and what to do.
enum StoreFault {
    /// A failed system call on the store's files.
    ///
    /// - Parameter stage: Where the failure belongs when it is this one file's and not the whole store's.
    static func file(
        _ code: Int32, _ action: String, _ path: String, stage: RenditionError.Stage = .publish
    ) -> RenditionError {
        let detail = "\(action) \(path): \(String(cString: strerror(code)))"
        func outage(_ name: String, _ remedy: String) -> RenditionError {
            RenditionError(code: name, stage: .store, retriable: true, message: remedy, detail: detail)
        }
        switch code {
        case ENOSPC, EDQUOT:
            return outage("disk_full", "The disk is full. Make room; the work resumes by itself.")
        case EROFS:
            return outage("not_writable", "The store's disk is read-only. Mount it for writing.")
        case EACCES where stage == .publish, EPERM where stage == .publish:
            return outage(
                "not_writable", "The store's folder can't be written. Give this user the right to write there.")
        case EMFILE, ENFILE:
            return outage("too_many_files", "Too many files are open. Raise the limit with ulimit -n.")
        case EIO where stage == .publish:
            return outage("disk_error", diskFailed)
        default:
            return RenditionError(
                code: "file_error", stage: stage, retriable: true,
                message: "This photo's file can't be stored or read on our side. It will be tried again.",
                detail: detail)
        }
    }

    private static let diskFailed =
        "The disk failed or can't be written. See what the system's log says of it; the work resumes by itself."

    /// Runs database work and translates what goes wrong in it.
    static func translate<Result>(_ path: String, _ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw database(error, path)
        }
    }

    static func database(_ error: DatabaseError, _ path: String) -> RenditionError {
        let (name, remedy) =
            switch error.resultCode {
            case .SQLITE_FULL: ("disk_full", "The disk is full. Make room; the work resumes by itself.")
            case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_AUTH:
                ("not_writable", "The store's database can't be written. Give this user the right to write there.")
            case .SQLITE_CANTOPEN:
                ("not_readable", "The store's database can't be opened. Give this user the right to use it.")
            case .SQLITE_BUSY, .SQLITE_LOCKED:
                ("busy", "Another process holds the store's database for too long. Find it with lsof.")
            case .SQLITE_NOTADB, .SQLITE_CORRUPT:
                ("damaged_store", "The store's database is damaged or isn't one. Restore it from a backup.")
            case .SQLITE_IOERR: ("disk_error", diskFailed)
            default: ("store_error", "The store's database failed.")
            }
        return RenditionError(
            code: name, stage: .store, retriable: true, message: remedy,
            detail: "\(path): \(error.message ?? "SQLite error \(error.extendedResultCode.rawValue)")")
    }
}
