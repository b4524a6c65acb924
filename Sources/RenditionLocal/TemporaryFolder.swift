import Foundation
import RenditionCore
import Synchronization

/// This process's own folder for files that aren't finished, and the broom for those of dead processes.
///
/// A process holds a lock on its folder for as long as it lives; the kernel lets go of it however the process ends. So
/// a folder whose lock can be had belongs to nobody any more.
final class TemporaryFolder: Sendable {
    let path: String
    private let parent: String
    private let lock: Mutex<Int32?>

    /// - Parameter parent: The folder of all processes' temporary folders; it must be on the objects' file system.
    init(in parent: String) throws {
        self.parent = parent
        path = "\(parent)/\(UUID().uuidString.lowercased())"
        let descriptor = try Self.exclusively(parent) { [path] in
            guard mkdir(path, 0o777) == 0 else { throw StoreFault.file(errno, "make", path) }
            let lock = open("\(path)/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
            guard lock >= 0 else { throw StoreFault.file(errno, "make", "\(path)/lock") }
            guard flock(lock, LOCK_EX | LOCK_NB) == 0 else { throw StoreFault.file(errno, "lock", path) }
            return lock
        }
        lock = Mutex(descriptor)
    }

    deinit { remove() }

    /// Removes the folder; nothing can be written in it afterwards.
    func remove() {
        lock.withLock { lock in
            guard let descriptor = lock else { return }
            try? FileManager.default.removeItem(atPath: path)
            close(descriptor)
            lock = nil
        }
    }

    /// A path for a new file in this folder.
    func newFile() -> String { "\(path)/\(UUID().uuidString.lowercased())" }

    /// Removes the folders of processes that are dead.
    ///
    /// - Parameter recover: Takes out of such a folder what is still of use. Where it throws, the folder stays for later.
    func sweep(_ recover: (String) throws -> Void) throws {
        try Self.exclusively(parent) {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] {
                let other = "\(parent)/\(name)"
                guard other != path, name != Self.lockName else { continue }
                let descriptor = open("\(other)/lock", O_RDWR | O_CLOEXEC)
                if descriptor >= 0 {
                    defer { close(descriptor) }
                    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { continue }
                } else if errno != ENOENT {
                    continue
                }
                guard (try? recover(other)) != nil else { continue }
                try? FileManager.default.removeItem(atPath: other)
            }
        }
    }

    /// Whether a folder belongs to a process that is dead. The look disturbs nobody.
    static func isAbandoned(_ path: String) -> Bool {
        let descriptor = open("\(path)/lock", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == ENOENT }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) == 0
    }

    private static let lockName = "lock"

    /// Runs `body` while no other process does anything exclusively in the same folder.
    static func exclusively<Result>(_ parent: String, _ body: () throws -> Result) throws -> Result {
        let path = "\(parent)/\(lockName)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw StoreFault.file(errno, "open", path) }
        defer { close(descriptor) }
        while flock(descriptor, LOCK_EX) != 0 {
            guard errno == EINTR else { throw StoreFault.file(errno, "lock", path) }
        }
        return try body()
    }
}
