import ArgumentParser
import RenditionCore
import RenditionLocal
import Synchronization

struct RenderCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Renders files straight into a folder, without a store.",
        discussion: "The pipeline and the names are the worker's: {name}_{size}.jpg. Existing files are replaced.")

    @Argument(help: "Files and folders.")
    var paths: [String]

    @Option(name: .customLong("out"), help: "The folder to write to; it is made where it is absent.")
    var folder: String

    @OptionGroup var threadOptions: ThreadOptions

    @Flag(help: "Print one JSON object a photo.")
    var json = false

    @OptionGroup var renderOptions: RenderOptions
    @OptionGroup var configOptions: ConfigOptions

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .threads: threadOptions.text])
            let files = try FileSearch.photos(in: paths)
            let renderer = try Parts.renderer(
                settings, inProcess: renderOptions.inProcess, logger: Parts.logger(settings))
            let rendering = FolderRendering(
                renderer: renderer, instructions: settings.instructions,
                width: settings.integer(.threads), memoryBudget: settings.memoryBudget, limits: settings.limits)
            defer { renderer.close() }
            let reports = Mutex<[PhotoReport]>([])
            try await rendering.render(files, into: folder) { [json] report in
                if json { try? Terminal.printJSON(report) }
                reports.withLock { $0.append(report) }
            }
            let all = reports.withLock { $0.sorted { $0.photo < $1.photo } }
            if !json { Terminal.print(TextTable(all).text) }
            if all.contains(where: { $0.outcome != .done }) { throw Terminal.Status.incomplete }
        }
    }
}
