import ArgumentParser
import RenditionCore

/// Whose photos a command is about.
struct ScopeOptions: ParsableArguments {
    @Argument(help: ArgumentHelp("Photos' ids.", valueName: "photo-id"))
    var ids: [String] = []

    @Option(help: "All photos of this gallery.")
    var gallery: String?

    @Option(help: "All photos of this user.")
    var user: String?

    @Flag(help: "All photos there are.")
    var all = false

    /// - Returns: nil where nothing was chosen.
    func chosen() throws -> PhotoScope? {
        let scopes: [PhotoScope?] = [
            ids.isEmpty ? nil : .photos(ids), gallery.map(PhotoScope.gallery), user.map(PhotoScope.user),
            all ? .everything : nil,
        ]
        let named = scopes.compactMap { $0 }
        if named.count > 1 { throw ValidationError("Photos' ids, --gallery, --user and --all: choose one.") }
        return named.first
    }
}
