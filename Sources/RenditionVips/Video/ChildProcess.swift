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
        /// The signal that ended it; nil for those sent here.
        var signal: Int32?
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
    /// - Throws: ``NotStarted``, also where something else than its work ended it.
    static func run(
        _ program: String, _ arguments: [String], input: borrowing NamelessFile, _ limits: Limits
    ) throws -> Result {
        let command = isolation + bounds(limits) + privileges + [try find(program)] + arguments
        let result = try run(command, input: input.descriptor, limits)
        // What stands before the program says so under its own name. Nobody here sent this signal: the system did, for want
        // of memory.
        let preface = ["prlimit:", "unshare:", "setpriv:"].first { result.complaint.hasPrefix($0) }
        if preface != nil || result.signal == SIGKILL {
            throw NotStarted(program: program, reason: preface == nil ? "it was killed" : result.complaint)
        }
        return result
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
        let limits = Limits(end: .now + .seconds(60), memory: 1 << 30, output: 1024)
        return ways.first { (try? run($0 + ["/bin/true"], input: nil, limits))?.status == 0 } ?? []
    }

    /// Whether the programs run without a network.
    static var isIsolated: Bool { !isolation.isEmpty }

    /// Whether the programs run as nobody.
    static var isNobody: Bool { privileges.contains("--reuid=65534") }

    /// What an operator should know of these programs on this machine, in a sentence.
    ///
    /// - Returns: nil where they are missing.
    static func summary(of programs: [String]) -> String? {
        guard programs.allSatisfy({ (try? find($0)) != nil }) else { return nil }
        return "\(programs.joined(separator: " and ")) run \(isNobody ? "as nobody" : "as this user"), "
            + (isIsolated ? "without a network" : "with the network in reach, since this system allows no namespaces")
    }

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
        shim_wait_for_children()
        let output = try Channel()
        let complaint = try Channel()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output.writing, 1)
        posix_spawn_file_actions_adddup2(&actions, complaint.writing, 2)
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
        output.closeWriting()
        complaint.closeWriting()
        return collect(process, output, complaint, limits)
    }

    /// A pipe that no other program inherits.
    private final class Channel {
        let reading: Int32
        private(set) var writing: Int32

        init() throws {
            var ends: [Int32] = [-1, -1]
            guard pipe2(&ends, O_CLOEXEC) == 0 else {
                throw NotStarted(program: "pipe", reason: String(cString: strerror(errno)))
            }
            (reading, writing) = (ends[0], ends[1])
        }

        deinit {
            close(reading)
            closeWriting()
        }

        func closeWriting() {
            if writing >= 0 { close(writing) }
            writing = -1
        }
    }

    /// Reads what the program prints until it closes both pipes, then waits for its end.
    private static func collect(_ process: pid_t, _ output: Channel, _ complaint: Channel, _ limits: Limits) -> Result {
        var result = Result(
            output: [], complaint: "", status: nil, signal: nil, timedOut: false, printedTooMuch: false)
        var words: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var files = [output, complaint].map {
            pollfd(fd: $0.reading, events: Int16(POLLIN), revents: 0)
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
        // Where a pipe is still open, somebody holds it, be it a child of the program's.
        result.timedOut = !result.printedTooMuch && files.contains { $0.fd >= 0 }
        let isStopped = result.printedTooMuch || result.timedOut
        if isStopped { kill(-process, SIGKILL) }
        wait(for: process, limits, isStopped: isStopped, &result)
        return result
    }

    private static func wait(for process: pid_t, _ limits: Limits, isStopped: Bool, _ result: inout Result) {
        var status: Int32 = 0
        var isStopped = isStopped
        // A program may close its pipes and go on.
        while true {
            let ended = waitpid(process, &status, isStopped ? 0 : WNOHANG)
            if ended == process { break }
            if ended < 0, errno != EINTR { return }
            if !isStopped, ContinuousClock.now >= limits.end {
                (isStopped, result.timedOut) = (true, true)
                kill(-process, SIGKILL)
            }
            if !isStopped { usleep(1000) }
        }
        let signal = status & 0x7F
        if signal == 0 { result.status = (status >> 8) & 0xFF }
        // Its processor time is over, which comes to the same.
        if signal == SIGXCPU { result.timedOut = true }
        if signal != 0, !isStopped { result.signal = signal }
    }
}

/// Lends strings as a C array that ends with nil.
private func withCStrings<Value>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Value
) -> Value {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return body(&pointers)
}
