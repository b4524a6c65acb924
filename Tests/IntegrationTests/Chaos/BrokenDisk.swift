import Foundation
import RenditionTestKit

/// Has a process meet a full, read-only or failing disk in one folder, for as long as a test wants.
struct BrokenDisk {
    /// What the disk does.
    enum Trouble: CaseIterable, Sendable {
        case full, readOnly, failing

        var fault: Fault.Kind {
            switch self {
            case .full: .diskFull
            case .readOnly: .diskReadOnly
            case .failing: .diskFailed
            }
        }

        fileprivate var code: Int32 {
            switch self {
            case .full: ENOSPC
            case .readOnly: EROFS
            case .failing: EIO
            }
        }
    }

    private let library: PreloadedLibrary

    init() async throws { library = try await PreloadedLibrary("broken-disk", Self.source) }

    /// Breaks the disk for the processes that have its environment, and mends it.
    struct Switch: Sendable {
        let environment: [String: String]
        fileprivate let path: String
        /// Keeps the library in its place.
        fileprivate let disk: PreloadedLibrary

        func fail(_ trouble: Trouble) throws {
            // At once and whole, since it is read at any time.
            try Data("\(trouble.code)".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
        }

        func mend() { unlink(path) }
    }

    /// A switch of its own for the files below `root`.
    func makeSwitch(below root: String) -> Switch {
        let path = library.folder.path(UUID().uuidString)
        // The kernel tells the paths of open files without the links and double slashes that lead to them.
        let ending = root.split(separator: "/").suffix(2).joined(separator: "/")
        return Switch(
            environment: ["LD_PRELOAD": library.path, "DISK_TROUBLE": path, "DISK_ROOT": "/\(ending)/"], path: path,
            disk: library)
    }

    /// Full: nothing grows or is made. Read-only: nothing is opened for writing either, renamed or removed. Failing: nothing
    /// gets through to the disk.
    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        #include <stdarg.h>
        #include <stdio.h>
        #include <stdlib.h>
        #include <string.h>
        #include <sys/stat.h>
        #include <sys/syscall.h>
        #include <unistd.h>

        static int trouble(void) {
            char text[8] = {0};
            int file = syscall(SYS_openat, AT_FDCWD, getenv("DISK_TROUBLE"), O_RDONLY | O_CLOEXEC);
            if (file < 0) return 0;
            syscall(SYS_read, file, text, sizeof text - 1);
            syscall(SYS_close, file);
            return atoi(text);
        }
        static int ours(const char *path) {
            return strstr(path, getenv("DISK_ROOT")) != NULL;
        }
        static int oursOpen(int file) {
            char link[64], path[4096] = {0};
            snprintf(link, sizeof link, "/proc/self/fd/%d", file);
            return readlink(link, path, sizeof path - 1) > 0 && ours(path);
        }
        static int fails(int isOurs, int code) {
            if (isOurs) errno = code;
            return isOurs;
        }
        static int write_fails(int file) {
            int saved = errno, code = trouble();
            errno = saved;
            return (code == ENOSPC || code == EROFS) && fails(oursOpen(file), code);
        }
        static int change_fails(const char *path) {
            int saved = errno, code = trouble();
            errno = saved;
            return code == EROFS && fails(ours(path), code);
        }
        static int make_fails(const char *path) {
            int saved = errno, code = trouble();
            errno = saved;
            return (code == EROFS || code == ENOSPC) && fails(ours(path), code);
        }
        static int sync_fails(int file) {
            int saved = errno, code = trouble();
            errno = saved;
            return code == EIO && fails(oursOpen(file), code);
        }
        #define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

        ssize_t write(int file, const void *bytes, size_t count) {
            return write_fails(file) ? -1 : syscall(SYS_write, file, bytes, count);
        }
        ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
            return write_fails(file) ? -1 : syscall(SYS_pwrite64, file, bytes, count, at);
        }
        ssize_t pwrite(int file, const void *bytes, size_t count, off_t at) { return pwrite64(file, bytes, count, at); }
        int posix_fallocate(int file, off_t at, off_t count) {
            return write_fails(file) ? errno : NEXT(posix_fallocate)(file, at, count);
        }
        int fsync(int file) { return sync_fails(file) ? -1 : syscall(SYS_fsync, file); }
        int fdatasync(int file) { return sync_fails(file) ? -1 : syscall(SYS_fdatasync, file); }
        int mkdir(const char *path, mode_t mode) {
            return make_fails(path) ? -1 : syscall(SYS_mkdir, path, mode);
        }
        int rename(const char *from, const char *to) { return change_fails(to) ? -1 : syscall(SYS_rename, from, to); }
        int unlink(const char *path) { return change_fails(path) ? -1 : syscall(SYS_unlink, path); }

        static int open_fails(const char *path, int flags) {
            if (flags & O_CREAT && access(path, F_OK) != 0) return make_fails(path);
            return flags & (O_WRONLY | O_RDWR) && change_fails(path);
        }
        int open64(const char *path, int flags, ...) {
            va_list list;
            va_start(list, flags);
            int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, int) : 0;
            va_end(list);
            return open_fails(path, flags) ? -1 : syscall(SYS_openat, AT_FDCWD, path, flags, mode);
        }
        int open(const char *path, int flags, ...) {
            va_list list;
            va_start(list, flags);
            int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, int) : 0;
            va_end(list);
            return open_fails(path, flags) ? -1 : syscall(SYS_openat, AT_FDCWD, path, flags, mode);
        }
        """
}
