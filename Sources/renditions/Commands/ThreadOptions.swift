import ArgumentParser

/// The option that every command that renders many photos has.
struct ThreadOptions: ParsableArguments {
    @Option(help: "Photos rendered at once.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...1024).contains(threads) {
            throw ValidationError("--threads takes a number from 1 to 1024.")
        }
    }

    /// As the settings take it; nil where nothing was said.
    var text: String? { threads.map(String.init) }
}
