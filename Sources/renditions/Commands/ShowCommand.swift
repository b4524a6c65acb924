import ArgumentParser
import Foundation
import RenditionCore

struct ShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows one photo: its record, its renditions and what happened to it.")

    @Argument(help: "The photo's id.")
    var id: String

    @Flag(help: "Print JSON: photo (the whole record), job, renditions, history.")
    var json = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            try await Parts.withStore(settings.store, settings, creates: false) { store in
                guard let story = try await PhotoStory(of: id, in: store) else {
                    Terminal.complain("There is no photo \(id) in the \(store.summary).")
                    throw Terminal.Status.noInput
                }
                if json { try Terminal.printJSON(story, pretty: true) } else { Terminal.print(story.text) }
            }
        }
    }
}
