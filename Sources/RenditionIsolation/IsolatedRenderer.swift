import Foundation
import Glibc
import RenditionCore
import Synchronization

/// Renders in processes of their own, so that an original that crashes, hangs or fills its decoder takes nobody along.
///
/// Processes are started when there is work and none is idle, serve one photo at a time, and are replaced after a number of
/// photos, or when they hold too much memory. Safe to use from several threads; each call blocks until its photo is done.
package final class IsolatedRenderer: PhotoRenderer {
    /// How processes are run.
    package struct Configuration: Sendable {
        /// The command, which knows ``RenderChild/verb``; by default the one that runs.
        package var program: String
        /// The address space of a process, in bytes.
        package var memory: Int
        /// Photos after which a process is replaced.
        package var photos: Int
        /// Resident memory after a photo beyond which its process is replaced, in bytes.
        package var memoryMark: Int

        package init(
            program: String = "/proc/self/exe", memory: Int = 4 << 30, photos: Int = 500, memoryMark: Int = 512 << 20
        ) {
            self.program = program
            self.memory = memory
            self.photos = photos
            self.memoryMark = memoryMark
        }
    }

    package let version: String
    private let films: any PhotoRenderer
    private let configuration: Configuration
    private let onStart: @Sendable (SandboxReport) -> Void
    private let idle = Mutex(Idle())

    private struct Idle {
        var processes: [RenderProcess] = []
        var isClosed = false
        var started = 0
    }

    /// Processes started so far.
    package var started: Int { idle.withLock { $0.started } }

    /// - Parameters:
    ///   - films: Renders films, whose decoder is a program in a sandbox of its own, and names the version of all.
    ///   - onStart: Told of the first process's sandbox.
    package init(
        films: any PhotoRenderer, _ configuration: Configuration = Configuration(),
        onStart: @escaping @Sendable (SandboxReport) -> Void = { _ in }
    ) {
        version = films.version
        self.films = films
        self.configuration = configuration
        self.onStart = onStart
    }

    /// Ends the processes that are idle, and the others when their photos are done.
    package func close() {
        let processes = idle.withLock { idle in
            defer { (idle.processes, idle.isClosed) = ([], true) }
            return idle.processes
        }
        withExtendedLifetime(processes) {}
    }

    package func probe(_ original: [UInt8], limits: RenderLimits) throws -> PhotoProbe {
        try check(original, limits)
        let format = try OriginalFormat.detect(original)
        if format.kind == .video { return try films.probe(original, limits: limits) }
        return try work(original, format, nil, limits, stage: .probe).made.probe
    }

    package func render(
        _ original: [UInt8], as instructions: RenderInstructions, limits: RenderLimits
    ) throws -> RenderedPhoto {
        try check(original, limits)
        let format = try OriginalFormat.detect(original)
        if format.kind == .video { return try films.render(original, as: instructions, limits: limits) }
        let answer = try work(original, format, instructions, limits, stage: .render)
        let renditions = zip(answer.made.files, answer.files).map { file, bytes in
            Rendition(
                size: file.size, format: file.format, pixels: file.pixels, bytes: bytes, checksum: file.checksum)
        }
        return RenderedPhoto(
            probe: answer.made.probe, metadata: answer.made.metadata, renditions: renditions,
            sketch: answer.made.sketch, times: answer.made.times)
    }

    /// Before anything is copied.
    private func check(_ original: [UInt8], _ limits: RenderLimits) throws {
        guard original.count <= limits.bytes else {
            throw RenditionError.tooLarge(bytes: original.count, limit: limits.bytes, stage: .probe)
        }
    }

    private func work(
        _ original: [UInt8], _ format: OriginalFormat, _ instructions: RenderInstructions?, _ limits: RenderLimits,
        stage: RenditionError.Stage
    ) throws -> RenderProcess.Answer {
        let process: RenderProcess
        do {
            process = try take()
        } catch {
            throw Self.notStarted(error, stage)
        }
        do {
            let answer = try process.work(original, instructions, limits)
            give(process)
            return answer
        } catch let death as RenderProcess.Death {
            throw RenditionError.rendererDied(death, of: format, bytes: original.count, limits, stage)
        } catch let error as SystemFailure {
            throw Self.notStarted(error, stage)
        } catch {
            give(process)
            throw error
        }
    }

    private func take() throws -> RenderProcess {
        // One that died while it was idle, as of a machine without memory, is no photo's fault.
        while let process = idle.withLock({ $0.processes.popLast() }) { if process.isWaiting { return process } }
        let process = try RenderProcess.start(configuration.program, memory: configuration.memory)
        let isFirst = idle.withLock { idle in
            idle.started += 1
            return idle.started == 1
        }
        if isFirst, let sandbox = process.sandbox { onStart(sandbox) }
        return process
    }

    private func give(_ process: RenderProcess) {
        guard process.photos < configuration.photos, process.resident < configuration.memoryMark else { return }
        idle.withLock { idle in
            if !idle.isClosed { idle.processes.append(process) }
        }
    }

    /// The machine's failure, which proves nothing against the photo.
    private static func notStarted(_ error: any Error, _ stage: RenditionError.Stage) -> RenditionError {
        RenditionError(
            code: "internal", stage: stage, retriable: true,
            message: "Something went wrong on our side while preparing this photo. It will be tried again.",
            detail:
                "a render process can't be started or fed: \(error); is there memory, and is the command where it was?")
    }
}

extension RenditionError {
    /// A photo over which its render process died.
    static func rendererDied(
        _ death: RenderProcess.Death, of format: OriginalFormat, bytes: Int, _ limits: RenderLimits, _ stage: Stage
    ) -> RenditionError {
        let how =
            if death.isLate {
                "was ended after \(limits.time.components.seconds) s without an answer"
            } else if let signal = death.signal {
                "died of \(name(of: signal))"
            } else if let status = death.status {
                "left with exit code \(status)"
            } else {
                "gave an answer that makes no sense"
            }
        let words = death.words.isEmpty ? "" : "; its last words: \(death.words)"
        return RenditionError(
            code: Self.rendererDiedCode, stage: stage, retriable: true,
            message: "This \(format.rawValue) file could not be processed. "
                + "If that doesn't change when it is tried again, export it again and upload that file.",
            detail: "the render process \(how) over \(bytes) bytes of \(format.rawValue)\(words)")
    }

    private static func name(of signal: Int32) -> String {
        let names = [
            SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGILL: "SIGILL",
            SIGKILL: "SIGKILL (out of memory?)",
            SIGSEGV: "SIGSEGV", SIGSYS: "SIGSYS", SIGTRAP: "SIGTRAP", SIGXCPU: "SIGXCPU (too much processor time)",
            SIGXFSZ: "SIGXFSZ",
        ]
        return names[signal] ?? "signal \(signal)"
    }
}
