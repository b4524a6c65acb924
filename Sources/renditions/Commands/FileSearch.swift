import ArgumentParser
import RenditionCore
import RenditionLocal

/// Finds the photos a command was given, and says clearly what can't be had.
enum FileSearch {
    /// - Throws: The exit code for missing input, after a line for each problem.
    static func photos(in paths: [String]) throws -> [OriginalFile] {
        let search = OriginalFile.search(paths)
        for problem in search.problems { Terminal.complain(problem.printable) }
        guard search.problems.isEmpty else {
            Terminal.complain("Nothing was done. Mend or leave out the paths above, and run it again.")
            throw Terminal.Status.noInput
        }
        if search.skipped > 0 {
            Terminal.complain("Left out, as their extension is no photo's: \(search.skipped).")
        }
        guard !search.files.isEmpty else {
            Terminal.complain("There are no photos in \(paths.joined(separator: ", ")).")
            throw Terminal.Status.noInput
        }
        return search.files
    }
}
