import CSpawn
import Foundation
import Glibc
import RenditionCore

/// A program that works on a stranger's file in a process of its own, with less of everything.
///
/// What the system's own tools can take away is taken away before the program starts, so that no code of this process
/// runs between fork and exec: `prlimit`, `unshare` and `setpriv` of util-linux, each of which becomes the next.
struct ChildProcess {
    /// What it may use.
    struct Limits {
        /// When it is killed.
        var end: ContinuousClock.Instant
        /// Address space, in bytes.
        var memory: Int
        /// The most it may print, in bytes; beyond that it is killed.
        var output: Int
    }

    /// What became of it.
    struct Result {
        var output: [UInt8]
        /// The end of what it said on standard error.
        var complaint: String
        /// Exit code; nil where a signal ended it.
        var status: Int32?
        var timedOut: Bool
        var printedTooMuch: Bool
    }

    /// A program that can't be started.
    struct NotStarted: Error {
        let program: String
        let reason: String
    }

    /// Where a file that is handed to a program stands in it.
    static let inputPath = "/proc/self/fd/\(inputDescriptor)"
    private static let inputDescriptor: Int32 = 3

    /// Runs a program to its end, in the calling thread.
    ///
    /// The program writes to no file and, where the system allows it, reaches no network; a privileged process starts it as
    /// nobody. It dies with this process.
    ///
    /// - Parameter input: A file whose content the program finds under ``inputPath``.
    /// - Throws: ``NotStarted``.
    static func run(
        _ program: String, _ arguments: [String], input: borrowing NamelessFile, _ limits: Limits
    ) throws -> Result {
        try run(
            isolation + bounds(limits) + privileges + [try find(program)] + arguments, input: input.descriptor, limits)
    }

    private static func bounds(_ limits: Limits) -> [String] {
        let seconds = max(1, Int((limits.end - .now).seconds.rounded(.up)))
        return [
            "/usr/bin/prlimit", "--as=\(limits.memory)", "--cpu=\(seconds):\(seconds + 1)", "--fsize=0", "--nofile=32",
            "--core=0",
        ]
    }

    /// What takes the network away: root may do so, others where the kernel allows them a namespace of their own. In
    /// most containers neither goes; then the program's own list of protocols has to do.
    private static let isolation = first(of: [
        ["/usr/bin/unshare", "--net"], ["/usr/bin/unshare", "--user", "--map-current-user", "--net"], [],
    ])

    /// What takes rights away. Only root has any to lose, and not even root in every container.
    private static let privileges: [String] = {
        let always = ["/usr/bin/setpriv", "--no-new-privs", "--pdeathsig", "KILL"]
        // 65534 is nobody, by Debian's policy, section 9.2.2.
        let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
        return first(of: [always + nobody, always + ["--reuid=65534", "--regid=65534", "--clear-groups"], always, []])
    }()

    /// The first of several command beginnings that works here.
    private static func first(of ways: [[String]]) -> [String] {
        let limits = Limits(end: .now + .seconds(5), memory: 1 << 30, output: 1024)
        return ways.first { (try? run($0 + ["/bin/true"], input: nil, limits))?.status == 0 } ?? []
    }

    /// Whether the programs run without a network.
    static var isIsolated: Bool { !isolation.isEmpty }

    /// Whether the programs run as nobody.
    static var isNobody: Bool { privileges.contains("--reuid=65534") }

    private static func find(_ program: String) throws -> String {
        let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":")
        guard
            let path = folders.map({ "\($0)/\(program)" }).first(where: FileManager.default.isExecutableFile(atPath:))
        else {
            throw NotStarted(program: program, reason: "it is not installed; the package ffmpeg has it")
        }
        return path
    }

    private static func run(_ command: [String], input: Int32?, _ limits: Limits) throws -> Result {
        let (output, complaint) = (Pipe(), Pipe())
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.fileHandleForWriting.fileDescriptor, 1)
        posix_spawn_file_actions_adddup2(&actions, complaint.fileHandleForWriting.fileDescriptor, 2)
        if let input { posix_spawn_file_actions_adddup2(&actions, input, inputDescriptor) }
        // Other threads open files at any time; none of them is the program's business.
        posix_spawn_file_actions_addclosefrom_np(&actions, input == nil ? inputDescriptor : inputDescriptor + 1)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Whatever it starts dies with it. A worker blocks signals that the program must hear.
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)

        // Each thread would get an arena of its own, and the address space would be gone.
        let environment = ["PATH=/usr/bin:/bin", "LC_ALL=C", "MALLOC_ARENA_MAX=1", "AV_LOG_FORCE_NOCOLOR=1"]
        var process: pid_t = 0
        let code = withCStrings(command) { arguments in
            withCStrings(environment) { posix_spawn(&process, command[0], &actions, &attributes, arguments, $0) }
        }
        guard code == 0 else { throw NotStarted(program: command[0], reason: String(cString: strerror(code))) }
        // Without this the pipes would never end.
        try? output.fileHandleForWriting.close()
        try? complaint.fileHandleForWriting.close()
        return collect(process, output, complaint, limits)
    }

    /// Reads what the program prints until it closes both pipes, then waits for its end.
    private static func collect(_ process: pid_t, _ output: Pipe, _ complaint: Pipe, _ limits: Limits) -> Result {
        var result = Result(output: [], complaint: "", status: nil, timedOut: false, printedTooMuch: false)
        var words: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var files = [output, complaint].map {
            pollfd(fd: $0.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
        }
        while files.contains(where: { $0.fd >= 0 }) {
            let left = limits.end - .now
            guard left > .zero, !result.printedTooMuch else { break }
            let ready = poll(&files, nfds_t(files.count), Int32(clamping: Int(left.seconds * 1000) + 1))
            if ready < 0, errno != EINTR { break }
            guard ready > 0 else { continue }
            for index in files.indices where files[index].fd >= 0 && files[index].revents != 0 {
                let count = read(files[index].fd, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else {
                    files[index].fd = -1
                    continue
                }
                if index == 0 {
                    result.output += buffer[..<count]
                    result.printedTooMuch = result.output.count > limits.output
                } else {
                    // The last words are those that tell.
                    words = (words + buffer[..<count]).suffix(4096)
                }
            }
        }
        result.complaint = String(decoding: words, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if result.printedTooMuch { kill(-process, SIGKILL) }
        result.status = wait(for: process, limits, &result.timedOut)
        return result
    }

    /// - Returns: The exit code; nil where a signal ended it.
    private static func wait(for process: pid_t, _ limits: Limits, _ timedOut: inout Bool) -> Int32? {
        var status: Int32 = 0
        // A program may close its pipes and go on.
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process { break }
            if ended < 0, errno != EINTR { return nil }
            if ContinuousClock.now >= limits.end {
                timedOut = true
                kill(-process, SIGKILL)
                while waitpid(process, &status, 0) < 0, errno == EINTR {}
                return nil
            }
            usleep(1000)
        }
        // Its processor time is over too, which comes to the same.
        timedOut = status & 0x7F == SIGXCPU
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
    }
}

/// Lends strings as a C array that ends with nil.
private func withCStrings<Value>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { array in
        // The buffer holds at least the nil.
        guard let base = array.baseAddress else { preconditionFailure("an array without storage") }
        return body(base)
    }
}
