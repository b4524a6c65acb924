import RenditionCore
import RenditionIsolation
import RenditionVips
import Synchronization

/// Whether a render process starts here and renders, and what of its sandbox this system allows.
enum SandboxLook {
    private static let subject = "render processes"

    /// It renders a drawing for real. It blocks.
    static func findings(_ settings: Settings) throws -> [Finding] {
        let report = Mutex<SandboxReport?>(nil)
        let renderer = IsolatedRenderer(films: try CascadeRenderer(isForFilmsOnly: true), settings.isolation) {
            sandbox in
            report.withLock { $0 = sandbox }
        }
        defer { renderer.close() }
        let drawing = #"<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300"><path d="M0 0h9v9z"/></svg>"#
        do {
            _ = try renderer.render(
                Array(drawing.utf8), as: RenderInstructions(sizes: [.thumbnail]), limits: settings.limits)
        } catch let error as RenditionError {
            return [
                Finding(
                    .machine, .bad, subject, "can't render: \(error.detail ?? error.message)",
                    remedy: "Raise RENDITIONS_RENDER_MEMORY_MB, which is \(settings.integer(.renderMemory)), where the "
                        + "reason is memory; else see what the container or the service manager forbids.")
            ]
        }
        guard let sandbox = report.withLock({ $0 }) else { return [] }
        return findings(on: sandbox)
    }

    static func findings(on sandbox: SandboxReport) -> [Finding] {
        var weak: [String] = []
        if !sandbox.hasNoNetwork {
            weak.append("allow user namespaces (kernel.unprivileged_userns_clone), or start as root")
        }
        if !sandbox.isNobody { weak.append("start as root or with CAP_SETUID, which processes give up") }
        if sandbox.landlock == 0 { weak.append("boot a kernel from 5.13 on with Landlock (lsm=landlock,…)") }
        if !sandbox.isFiltered { weak.append("boot a kernel with seccomp filters") }
        let text = "run \(sandbox.summary)"
        guard !weak.isEmpty else { return [Finding(.machine, .good, subject, text)] }
        return [
            Finding(
                .machine, .warning, subject, text,
                remedy: "For a whole sandbox: \(weak.joined(separator: "; ")). Originals are strangers' files.")
        ]
    }
}
