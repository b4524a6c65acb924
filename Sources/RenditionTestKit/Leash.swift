import Foundation

/// A server that can't outlive the process that started it, however that process ends.
///
/// Between the two stands a Python, which holds one end of a pipe. When this process is gone, killed or not, the pipe
/// closes, and the Python ends the server and removes what it left. No shell can do it: Foundation takes a process for
/// running as long as any child of it lives, and a shell needs one to watch the pipe.
final class Leash: Sendable {
    private let process: Process
    private let pipe: Pipe

    /// Starts a server.
    ///
    /// - Parameters:
    ///   - program: One of those that `scripts/emulators` installs, or another's path.
    ///   - environment: All that the server gets to see.
    ///   - folder: Where it runs. Removed when the leash is let go of, but not when it is stopped.
    ///   - log: Gets what the server writes, after what is there.
    ///   - ending: The signal that ends the server.
    ///   - leftovers: Files elsewhere that the server doesn't remove itself.
    init(
        _ program: String, _ arguments: [String], environment: [String: String], folder: String, log: String,
        ending: String = "TERM",
        leftovers: [String] = []
    ) throws {
        let programs = "\(Corpus.root)/.build-emulators/venv/bin"
        let path = program.hasPrefix("/") ? program : "\(programs)/\(program)"
        guard FileManager.default.isExecutableFile(atPath: path),
            FileManager.default.isExecutableFile(atPath: "\(programs)/python")
        else { throw ServerFault("\(path) isn't there; run scripts/setup tests and scripts/emulators") }
        let pipe = Pipe()
        let output = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard output >= 0 else { throw ServerFault("\(log) can't be written") }
        let file = FileHandle(fileDescriptor: output, closeOnDealloc: true)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "\(programs)/python")
        process.arguments =
            ["-I", "-c", Self.script, ending, folder, leftovers.joined(separator: " "), path]
            + arguments
        process.environment = environment
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.standardInput = pipe
        process.standardOutput = file
        process.standardError = file
        try process.run()
        self.process = process
        self.pipe = pipe
    }

    private static let script = """
        import os, shutil, signal, subprocess, sys, threading, time

        ending, folder, leftovers, *command = sys.argv[1:]
        # Some threads of the test's process block signals, and whatever they start would too.
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        # Should this process be killed, the server goes with it.
        server = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--"] + command, stdin=subprocess.DEVNULL)
        let_go = threading.Event()

        def end(*_):
            server.send_signal(getattr(signal, "SIG" + ending))

        def watch():
            while os.read(0, 1):
                pass
            let_go.set()
            end()
            time.sleep(20)
            server.kill()

        signal.signal(signal.SIGTERM, end)
        threading.Thread(target=watch, daemon=True).start()
        status = server.wait()
        for path in leftovers.split():
            if os.path.exists(path):
                os.remove(path)
        if let_go.is_set():
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(status if status >= 0 else 128 - status)
        """

    var isRunning: Bool { process.isRunning }

    /// Ends the server and waits until it is gone.
    func stop() async {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGTERM)
        let deadline = ContinuousClock.now + .seconds(20)
        while process.isRunning, ContinuousClock.now < deadline { await Self.nap() }
        // The server dies with what watches over it.
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        while process.isRunning { await Self.nap() }
    }

    /// Goes on even where the test was cancelled: what is stopped has to be gone.
    private static func nap() async {
        await Task.detached { try? await Task.sleep(for: .milliseconds(10)) }.value
    }

    deinit { try? pipe.fileHandleForWriting.close() }
}
