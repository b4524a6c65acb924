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

    func validate() throws {
        if let problem = ObjectKeys.problem(withGalleryID: gallery) {
            throw ValidationError("\"\(gallery)\" can't be a gallery's id: \(problem).")
        }
    }

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings()
            let choice = try settings.store(flag: storeOptions.store)
            let files = try FileSearch.photos(in: paths)
            let store = try Parts.store(choice, settings, creates: true)
            let importer = Importer(store: store, urls: settings.urls)
            for (index, file) in files.enumerated() {
                do {
                    let photo = try await importer.importFile(
                        file.path, bytes: file.bytes, galleryID: gallery, userID: user)
                    if json { try Terminal.printJSON(photo) } else { Terminal.print("\(photo.id)  \(photo.filename)") }
                } catch let error as RenditionError {
                    Terminal.complain("\(index) of \(files.count) photos were imported; \(file.path) was not.")
                    throw error
                }
            }
            if !json { Terminal.print("\(files.count) photos are queued in the \(store.summary).") }
        }
    }
}
