import ArgumentParser
import RenditionCore
import RenditionLocal

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Takes photos in as the upload pipeline does: original, record, queue.",
        discussion: """
            Each file gets a new photo id. Folders are walked and searched for photos by their extension; a file that \
            is named is taken whatever it is called. Nothing is imported when one of the paths can't be read.
            """)

    @Argument(help: "Files and folders.")
    var paths: [String]

    @Option(help: "The gallery's id.")
    var gallery: String

    @Option(help: "The photographer's user id.")
    var user = "local-user"

    @Flag(help: "Print one JSON object a photo: id, s3_key, filename.")
    var json = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        if let problem = ObjectKeys.problem(withGalleryID: gallery) {
            throw ValidationError("\"\(gallery)\" can't be a gallery's id: \(problem).")
        }
    }

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            let files = try FileSearch.photos(in: paths)
            try await Parts.withStore(settings.store, settings, creates: true) { store in
                try await importAll(files, Importer(store: store, urls: settings.urls), store.summary)
            }
        }
    }

    /// A file that can't be read is said and left out; a store that fails ends it.
    private func importAll(_ files: [OriginalFile], _ importer: Importer, _ summary: String) async throws {
        var imported = 0
        for file in files {
            do {
                let photo = try await importer.importFile(
                    file.path, bytes: file.bytes, galleryID: gallery, userID: user)
                imported += 1
                if json {
                    try Terminal.printJSON(photo)
                } else {
                    Terminal.print("\(photo.id)  \(photo.filename.printable)")
                }
            } catch var error as RenditionError {
                let file = file.path.printable
                error.message = "\(file) was not imported: \(error.message)"
                guard !error.isOutage else {
                    error.message += " Imported before that: \(imported) of \(files.count)."
                    throw error
                }
                Terminal.complain(error.message)
            }
        }
        if !json { Terminal.print("\(imported) photos are queued in the \(summary).") }
        if imported < files.count { throw Terminal.Status.noInput }
    }
}
