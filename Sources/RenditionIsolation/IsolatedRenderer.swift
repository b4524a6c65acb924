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
    private let onEnd: @Sendable (RenderProcessUse) -> Void
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
    ///   - onEnd: Told of each process that has ended.
    package init(
        films: any PhotoRenderer, _ configuration: Configuration = Configuration(),
        onStart: @escaping @Sendable (SandboxReport) -> Void = { _ in },
        onEnd: @escaping @Sendable (RenderProcessUse) -> Void = { _ in }
    ) {
        version = films.version
        self.films = films
        self.configuration = configuration
        self.onStart = onStart
        self.onEnd = onEnd
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
        if format.kind == .video {
            try tryLogo(of: instructions, limits)
            return try films.render(original, as: instructions, limits: limits)
        }
        let answer = try work(original, format, instructions, limits, stage: .render)
        let renditions = zip(answer.made.files, answer.files).map { file, bytes in
            Rendition(
                size: file.size, format: file.format, pixels: file.pixels, bytes: bytes, checksum: file.checksum)
        }
        return RenderedPhoto(
            probe: answer.made.probe, metadata: answer.made.metadata, renditions: renditions,
            sketch: answer.made.sketch, times: answer.made.times)
    }

    /// A film's mark is made in this process. Its logo is a stranger's file: it comes here only after a process has made a
    /// mark of it and lived.
    private func tryLogo(of instructions: RenderInstructions, _ limits: RenderLimits) throws {
        guard let watermark = instructions.watermark, watermark.logo != nil else { return }
        var trial = RenderInstructions(sizes: [.thumbnail])
        trial.watermark = watermark
        let empty = #"<svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"/>"#
        _ = try work(Array(empty.utf8), .svg, trial, limits, stage: .render)
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
        } catch let error as RenditionError where error.code == RenditionError.outOfMemoryCode {
            // The process had memory of its own, with nobody else in it: that counts against the photo, as if it had died.
            throw RenditionError.outOfMemory(error, configuration.memory, of: format, bytes: original.count, stage)
        } catch {
            give(process)
            throw error
        }
    }

    private func take() throws -> RenderProcess {
        // One that died while it was idle, as of a machine without memory, is no photo's fault.
        while let process = idle.withLock({ $0.processes.popLast() }) { if process.isWaiting { return process } }
        let process = try RenderProcess.start(configuration.program, memory: configuration.memory, onEnd: onEnd)
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
        return rendererDied("\(how) over \(bytes) bytes of \(format.rawValue)\(words)", format, stage)
    }

    /// A photo for which a render process of its own had too little memory.
    fileprivate static func outOfMemory(
        _ error: RenditionError, _ memory: Int, of format: OriginalFormat, bytes: Int, _ stage: Stage
    ) -> RenditionError {
        rendererDied(
            "had too little of its \(memory >> 20) MiB of memory for \(bytes) bytes of \(format.rawValue): "
                + (error.detail ?? ""), format, stage)
    }

    private static func rendererDied(_ how: String, _ format: OriginalFormat, _ stage: Stage) -> RenditionError {
        RenditionError(
            code: Self.rendererDiedCode, stage: stage, retriable: true,
            message: "This \(format.rawValue) file could not be processed. "
                + "If that doesn't change when it is tried again, export it again and upload that file.",
            detail: "the render process \(how)")
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
