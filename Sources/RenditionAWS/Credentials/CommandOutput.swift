import Foundation
import RenditionCore
import Synchronization

/// What a shell command writes to its standard output. Its standard error goes nowhere.
struct CommandOutput: Sendable {
    enum Failure: Error, Hashable {
        case notStarted, tookTooLong, wroteTooMuch
        case ended(status: Int32)
    }

    /// For `/bin/sh -c`.
    let command: String
    let environment: [String: String]
    /// How long it may take.
    let limit: Duration
    /// The most bytes it may write.
    let length: Int

    /// Runs the command on a thread where it may block. A task that is cancelled meanwhile ends it.
    ///
    /// - Throws: ``Failure``; `CancellationError`.
    func read() async throws -> [UInt8] {
        let isCancelled = Cancellation()
        return try await withTaskCancellationHandler {
            try await CredentialFile.threads.run { try run(isCancelled) }
        } onCancel: {
            isCancelled.flag.store(true, ordering: .relaxed)
        }
    }

    private final class Cancellation: Sendable {
        let flag = Atomic(false)
    }

    private func run(_ cancellation: Cancellation) throws -> [UInt8] {
        let (process, pipe) = (Process(), Pipe())
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", command]
        process.environment = environment
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch { throw Failure.notStarted }

        let deadline = ContinuousClock.now + limit
        var output: [UInt8] = []
        while true {
            if let failure = failure(cancellation, deadline, output.count) {
                Self.kill(process)
                throw failure
            }
            let status = Self.status(of: process)
            var hasMore = true
            while hasMore, output.count <= length, let bytes = Self.next(of: pipe) {
                output += bytes
                hasMore = !bytes.isEmpty
            }
            // Something it left behind may hold the pipe open: its own end is the end.
            if let status, output.count <= length {
                guard status == 0 else { throw Failure.ended(status: status) }
                return output
            }
            usleep(10_000)
        }
    }

    private func failure(
        _ cancellation: Cancellation, _ deadline: ContinuousClock.Instant, _ count: Int
    ) -> (any Error)? {
        if cancellation.flag.load(ordering: .relaxed) { return CancellationError() }
        if count > length { return Failure.wroteTooMuch }
        return ContinuousClock.now >= deadline ? Failure.tookTooLong : nil
    }

    /// The shell's exit status, or 128 and the signal that ended it; nil while it runs.
    ///
    /// The system is asked, since `Process` counts a command as running while anything it left behind does.
    private static func status(of process: Process) -> Int32? {
        var info = siginfo_t()
        guard waitid(P_PID, id_t(process.processIdentifier), &info, WEXITED | WNOHANG | WNOWAIT) == 0 else {
            // `Process` has collected it.
            guard !process.isRunning else { return nil }
            return process.terminationStatus + (process.terminationReason == .exit ? 0 : 128)
        }
        guard info.si_signo == SIGCHLD else { return nil }
        #if os(Linux)
            let status = info._sifields._sigchld.si_status
        #else
            let status = info.si_status
        #endif
        return status + (info.si_code == CLD_EXITED ? 0 : 128)
    }

    /// What has been written; empty at the end, nil where there is nothing yet.
    private static func next(of pipe: Pipe) -> [UInt8]? {
        let file = pipe.fileHandleForReading.fileDescriptor
        var query = pollfd(fd: file, events: Int16(POLLIN), revents: 0)
        guard poll(&query, 1, 0) > 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { Foundation.read(file, $0.baseAddress, $0.count) }
        return Array(bytes.prefix(max(count, 0)))
    }

    /// Ends the shell with everything it started, where it has a process group of its own.
    private static func kill(_ process: Process) {
        let pid = process.processIdentifier
        Foundation.kill(getpgid(pid) == pid ? -pid : pid, SIGKILL)
    }
}
