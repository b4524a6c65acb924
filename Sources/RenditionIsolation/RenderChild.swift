import CSandbox
import Foundation
import Glibc
import RenditionCore

/// The render process itself: takes orders over a socket until its parent is gone.
package enum RenderChild {
    /// The command's hidden verb, and its only argument.
    package static let verb = "render-child"

    /// The address space of a process that wasn't told.
    static let memoryVariable = "RENDITIONS_CHILD_BYTES"

    /// Enters the sandbox and serves. Must be called before anything starts a thread.
    ///
    /// - Parameter start: Makes the renderer, and so starts its libraries; called within the bounds of memory and files.
    /// - Returns: The exit code.
    package static func run(_ start: () throws -> any PhotoRenderer) -> Int32 {
        // A terminal's Ctrl-C and a service manager's stop are for the worker, which knows what is in hand.
        for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
        let memory = ProcessInfo.processInfo.environment[memoryVariable].flatMap(UInt64.init) ?? 4 << 30
        var sandbox = sandbox()
        guard sandbox_enter(memory, &sandbox) == 0 else {
            complain("the sandbox can't be entered: \(SystemFailure("sandbox"))")
            return 70
        }
        do {
            let renderer = try start()
            sandbox_filter(&sandbox)
            try serve(renderer, SandboxReport(sandbox))
            return 0
        } catch {
            complain("\(error)")
            return 70
        }
    }

    private static func serve(_ renderer: any PhotoRenderer, _ report: SandboxReport) throws {
        let socket = Int32(SANDBOX_SOCKET)
        let input = MemoryFile(inherited: Int32(SANDBOX_INPUT))
        let output = MemoryFile(inherited: Int32(SANDBOX_OUTPUT))
        try Frame(.hello, report.bits).send(to: socket)
        while let frame = try Frame.receive(from: socket) {
            let answer: Frame
            do {
                answer = try obey(frame, renderer, input, output)
            } catch let error as RenditionError {
                let text = try Wire.encode(error)
                try text.withUnsafeBytes { try output.write($0, at: 0) }
                answer = Frame(.failed, 0, text.count, Int(sandbox_resident()))
            }
            try answer.send(to: socket)
        }
    }

    private static func obey(
        _ frame: Frame, _ renderer: any PhotoRenderer, _ input: borrowing MemoryFile, _ output: borrowing MemoryFile
    ) throws -> Frame {
        let orders = try Wire.decode(Orders.self, try input.read(frame.third, at: frame.first + frame.second))
        // A little more than the renderer's own deadline, which says more of what it stopped.
        sandbox_allow_seconds(UInt64(max(1, orders.limits.time.components.seconds)) + 5)
        let original = try input.read(frame.first, at: 0)
        let made: Made
        var end = 0
        if var instructions = orders.instructions {
            if instructions.watermark?.logo != nil {
                instructions.watermark?.logo?.bytes = try input.read(frame.second, at: frame.first)
            }
            let photo = try renderer.render(original, as: instructions, limits: orders.limits)
            made = Made(photo)
            for rendition in photo.renditions {
                try rendition.bytes.withUnsafeBytes { try output.write($0, at: end) }
                end += rendition.bytes.count
            }
        } else {
            made = Made(probe: try renderer.probe(original, limits: orders.limits))
        }
        let text = try Wire.encode(made)
        try text.withUnsafeBytes { try output.write($0, at: end) }
        return Frame(.done, end, text.count, Int(sandbox_resident()))
    }

    private static func complain(_ text: String) {
        let line = Array("\(text)\n".utf8)
        _ = line.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
}

extension Made {
    init(_ photo: RenderedPhoto) {
        self.init(
            probe: photo.probe, metadata: photo.metadata, sketch: photo.sketch, times: photo.times,
            files: photo.renditions.map {
                File(
                    size: $0.size, format: $0.format, pixels: $0.pixels, checksum: $0.checksum, length: $0.bytes.count)
            })
    }
}
