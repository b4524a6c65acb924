import CSandbox
import Foundation
import Glibc
import RenditionCore
import Synchronization

/// A worker's side of one render process.
///
/// It belongs to one thread at a time.
// Unchecked, since the compiler can't see through a list: whoever takes a process out of the list of idle ones, under that
// list's lock, has the only reference to it until it is put back, so that nothing in here is ever used by two threads.
final class RenderProcess: @unchecked Sendable {
    /// How a process ended, other than by being told to.
    struct Death: Error, Sendable {
        /// The signal that ended it; nil where it left by itself, or was ended here.
        var signal: Int32?
        /// Its exit code, where it left by itself.
        var status: Int32?
        /// Whether it was ended here, since it didn't answer in time.
        var isLate = false
        /// The end of what it said on standard error.
        var words = ""
    }

    /// An answer, copied out of the shared files.
    struct Answer {
        var made: Made
        var files: [[UInt8]]
    }

    private let identifier: pid_t
    private let socket: Int32
    private let input: MemoryFile
    private let output: MemoryFile
    private let words: MemoryFile
    private var isGone = false
    private let onEnd: @Sendable (RenderProcessUse) -> Void
    /// What it gave up.
    private(set) var sandbox: SandboxReport?
    /// Originals that it was given to render.
    private(set) var photos = 0
    /// The memory that it held after the last one, in bytes.
    private(set) var resident = 0

    /// The time within which a process must be ready.
    private static let patience = Duration.seconds(60)
    /// The time beyond a photo's limit after which a process that doesn't answer is ended. Its own deadline, then its limit of
    /// processor time, come first and say more.
    private static let slack = Duration.seconds(15)
    /// What the shared files may keep between two photos, in bytes.
    private static let kept = 64 << 20
    /// The most that an answer may be, in bytes.
    private static let largest = 2 << 30

    private init(
        _ identifier: pid_t, _ socket: Int32, _ input: consuming MemoryFile, _ output: consuming MemoryFile,
        _ words: consuming MemoryFile, _ onEnd: @escaping @Sendable (RenderProcessUse) -> Void
    ) {
        self.onEnd = onEnd
        self.identifier = identifier
        self.socket = socket
        self.input = input
        self.output = output
        self.words = words
    }

    deinit { end() }

    /// Starts a process and waits until it is ready.
    ///
    /// - Parameters:
    ///   - program: The command, which knows ``RenderChild/verb``.
    ///   - memory: Its address space in bytes.
    ///   - onEnd: Told what it took when it has ended.
    /// - Throws: ``Death`` or ``SystemFailure``.
    static func start(
        _ program: String, memory: Int, onEnd: @escaping @Sendable (RenderProcessUse) -> Void
    ) throws -> RenderProcess {
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw SystemFailure("socketpair")
        }
        defer { close(ends[1]) }
        var isOwned = false
        defer { if !isOwned { close(ends[0]) } }
        let input = try MemoryFile("original")
        let output = try MemoryFile("renditions")
        let words = try MemoryFile("words", appends: true)
        var identifier: pid_t = 0
        let code = withCStrings(["renditions", RenderChild.verb]) { arguments in
            withCStrings(environment(memory: memory)) {
                sandbox_spawn(
                    &identifier, program, arguments, $0, ends[1], input.descriptor, output.descriptor, words.descriptor)
            }
        }
        guard code == 0 else { throw SystemFailure("posix_spawn", code: code) }
        isOwned = true
        let process = RenderProcess(identifier, ends[0], input, output, words, onEnd)
        // The parent's copy of the child's end must be gone, or the child's end would never be noticed.
        close(ends[1])
        ends[1] = -1
        let hello = try process.answer(until: .now + patience)
        guard hello.kind == .hello else { throw process.giveUp() }
        process.sandbox = SandboxReport(bits: hello.first)
        return process
    }

    /// What a process finds in its environment: nothing of the worker's but what its libraries go by.
    private static func environment(memory: Int) -> [String] {
        let passed = ProcessInfo.processInfo.environment.filter { name, _ in
            ["PATH", "LANG", "TZ", "LD_LIBRARY_PATH"].contains(name)
                || ["LC_", "VIPS_", "G_", "MALLOC_", "GLIBC_", "FONTCONFIG_", "MAGICK_"].contains { name.hasPrefix($0) }
        }
        return passed.map { "\($0)=\($1)" } + ["SWIFT_BACKTRACE=enable=no", "\(RenderChild.memoryVariable)=\(memory)"]
    }

    /// Whether it is there and says nothing, as it should while it has no orders.
    var isWaiting: Bool {
        var file = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&file, 1, 0) == 0
    }

    /// Has an original's header read, or the original rendered.
    ///
    /// - Throws: The renderer's own ``RenditionError``; ``Death``; ``SystemFailure`` where this side has no memory.
    func work(_ original: [UInt8], _ instructions: RenderInstructions?, _ limits: RenderLimits) throws -> Answer {
        let split = instructions.map(Orders.splitting)
        let logo = split?.logo ?? []
        let orders = try Wire.encode(Orders(limits: limits, instructions: split?.0))
        try original.withUnsafeBytes { try input.write($0, at: 0) }
        try logo.withUnsafeBytes { try input.write($0, at: original.count) }
        try orders.withUnsafeBytes { try input.write($0, at: original.count + logo.count) }
        do {
            try Frame(instructions == nil ? .probe : .render, original.count, logo.count, orders.count).send(to: socket)
        } catch {
            throw giveUp()
        }
        let frame = try answer(until: .now + limits.time + Self.slack)
        if instructions != nil { photos += 1 }
        resident = frame.third
        defer { tidy() }
        // Whatever a process says, it is one that may have been talked into saying it.
        guard frame.first <= Self.largest, frame.second <= Self.largest - frame.first,
            let text = try? output.read(frame.second, at: frame.first)
        else { throw giveUp() }
        switch frame.kind {
        case .failed:
            guard let error = try? Wire.decode(RenditionError.self, text) else { throw giveUp() }
            throw error
        case .done:
            guard let made = try? Wire.decode(Made.self, text), made.areFilesWithin(frame.first) else { throw giveUp() }
            var start = 0
            let files = try made.files.map { file in
                defer { start += file.length }
                return try output.read(file.length, at: start)
            }
            return Answer(made: made, files: files)
        case .hello, .probe, .render: throw giveUp()
        }
    }

    private func answer(until end: ContinuousClock.Instant) throws -> Frame {
        do {
            if let frame = try Frame.receive(from: socket, until: end) { return frame }
            throw giveUp(isKilled: false)
        } catch let error as SystemFailure where error.code == ETIMEDOUT {
            throw giveUp(isLate: true)
        } catch is SystemFailure {
            throw giveUp()
        }
    }

    /// Gives memory back after a large photo, and forgets what was said.
    private func tidy() {
        if words.size > 0 { try? words.resize(to: 0) }
        if input.size > Self.kept { try? input.resize(to: 0) }
        if output.size > Self.kept { try? output.resize(to: 0) }
    }

    /// Ends the process, unless it ended by itself, and says how it was.
    private func giveUp(isKilled: Bool = true, isLate: Bool = false) -> Death {
        var death = Death(isLate: isLate)
        if let status = end(isKilled: isKilled) {
            let signal = status & 0x7F
            if signal == 0 { death.status = (status >> 8) & 0xFF } else if !isKilled { death.signal = signal }
        }
        let size = words.size
        let bytes = (try? words.read(min(size, 2048), at: max(0, size - 2048))) ?? []
        death.words = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isNewline).joined(separator: "; ")
        return death
    }

    /// - Returns: The process's status, the first time.
    @discardableResult
    private func end(isKilled: Bool = true) -> Int32? {
        guard !isGone else { return nil }
        isGone = true
        // Before the socket is closed, upon which it would leave by itself.
        if isKilled { kill(identifier, SIGKILL) }
        close(socket)
        var status: Int32 = 0
        var usage = rusage()
        while wait4(identifier, &status, 0, &usage) < 0 { if errno != EINTR { return nil } }
        onEnd(RenderProcessUse(usage, photos: photos))
        return status
    }
}

extension Made {
    /// Whether the files fill just the bytes that were announced.
    fileprivate func areFilesWithin(_ bytes: Int) -> Bool {
        var sum = 0
        for file in files {
            guard file.length >= 0, file.length <= bytes - sum else { return false }
            sum += file.length
        }
        return sum == bytes
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
