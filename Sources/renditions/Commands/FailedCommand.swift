import ArgumentParser
import Foundation
import RenditionCore

struct FailedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failed",
        abstract: "Lists the photos that the queue gave up, and tries them again or lets them go.",
        discussion: """
              renditions failed                          # what failed, and why
              renditions failed show PHOTO-ID
              renditions failed retry PHOTO-ID…
              renditions failed retry --all --code too_slow
              renditions failed drop PHOTO-ID…
            """,
        subcommands: [ListFailed.self, ShowCommand.self, RetryFailed.self, DropFailed.self],
        defaultSubcommand: ListFailed.self)
}

/// Which dead letters are meant.
struct FailedOptions: ParsableArguments {
    @Option(help: "Only those of this gallery.")
    var gallery: String?

    @Option(help: "Only those whose reason has this code, such as damaged or poison.")
    var code: String?

    func isMeant(_ letter: DeadLetter) -> Bool {
        (gallery.map { $0 == letter.photo.galleryID } ?? true) && (code.map { $0 == letter.error?.code } ?? true)
    }
}

struct ListFailed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists what failed: reason, stage, attempts, last worker, original.")

    @OptionGroup var chosen: FailedOptions

    @Option(help: "The most that are listed.")
    var limit = 100

    @Flag(help: "Print one JSON object a photo.")
    var json = false

    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        if !(1...1_000_000).contains(limit) { throw ValidationError("--limit takes a number from 1 to 1000000.") }
    }

    /// A dead letter and what its record adds.
    private struct Line: Encodable {
        var letter: DeadLetter
        var filename: String?
        /// Where the original lies, as its bucket and key.
        var original: String?
    }

    func run() async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            try await Parts.withStore(settings.store, settings, creates: false) { store in
                var lines: [Line] = []
                var hasMore = false
                try await store.queue.deadLetters { page in
                    for letter in page where chosen.isMeant(letter) {
                        if lines.count == limit {
                            hasMore = true
                            return false
                        }
                        let record = try await store.records.record(letter.photo.id)
                        lines.append(
                            Line(
                                letter: letter, filename: record?.filename,
                                original: record.map { "s3://\(settings.buckets.photos)/\($0.s3Key)" }))
                    }
                    return true
                }
                lines.sort { $0.letter.since < $1.letter.since }
                if json { return try lines.forEach { try Terminal.printJSON($0) } }
                for line in lines { Terminal.print(text(line)) }
                if lines.isEmpty { Terminal.print("Nothing has failed.") }
                if hasMore { Terminal.print("There are more; --limit shows them.") }
            }
        }
    }

    private func text(_ line: Line) -> String {
        let letter = line.letter
        let name = line.filename ?? "(its record is gone)"
        var rows = ["\(letter.photo.id)  \(name.printable)   gallery \(letter.photo.galleryID.printable)"]
        let attempts = letter.attempts == 1 ? "1 attempt" : "\(letter.attempts) attempts"
        let worker = letter.lastOwner.map { ", the last by \($0.printable)" } ?? ""
        rows.append("    \(letter.since.iso8601)  \(attempts)\(worker)")
        if let error = letter.error {
            rows.append("    \(error.code) at \(error.stage.rawValue): \(error.message.printable)")
            if let detail = error.detail { rows.append("    \(detail.printable)") }
        }
        if let original = line.original { rows.append("    \(original.printable)") }
        return rows.joined(separator: "\n")
    }
}

/// Ids, or all that an option chooses.
struct FailedTargets: ParsableArguments {
    @Argument(help: "Ids of photos.")
    var ids: [String] = []

    @Flag(help: "All that failed, or with --gallery and --code all of those.")
    var all = false

    @OptionGroup var chosen: FailedOptions
    @OptionGroup var storeOptions: StoreOptions
    @OptionGroup var configOptions: ConfigOptions

    func validate() throws {
        if ids.isEmpty != all { throw ValidationError("Name photos by their ids, or say --all.") }
        if !ids.isEmpty, chosen.gallery != nil || chosen.code != nil {
            throw ValidationError("--gallery and --code choose among --all.")
        }
    }

    /// Does something to each and says how many it was done to.
    ///
    /// - Parameters:
    ///   - past: What was done, in the past tense.
    ///   - act: Returns false where the photo isn't a dead letter (any more).
    func forEach(
        _ past: String, _ act: (any PhotoStore, String) async throws -> Bool
    ) async throws {
        try await Terminal.guarded {
            let settings = try Settings.load([.config: configOptions.file, .store: storeOptions.store])
            try await Parts.withStore(settings.store, settings, creates: false) { store in
                var targets = ids
                // Found first and changed then: a list that changes while it is read may be read in part.
                if all {
                    try await store.queue.deadLetters { page in
                        targets += page.filter(chosen.isMeant).map(\.photo.id)
                        return true
                    }
                }
                var done = 0
                var left = 0
                for id in targets {
                    if try await act(store, id) {
                        done += 1
                    } else if !all {
                        left += 1
                        Terminal.complain("\(id.printable) is no failed photo.")
                    }
                }
                if done > 0 { store.doorbell.ring() }
                Terminal.print("\(done) \(done == 1 ? "photo" : "photos") \(past).")
                if left > 0 { throw Terminal.Status.incomplete }
            }
        }
    }
}

struct RetryFailed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry", abstract: "Queues failed photos again, with their attempts forgotten.")

    @OptionGroup var targets: FailedTargets

    func run() async throws {
        try await targets.forEach("queued again") { try await $0.queue.redrive($1, after: .zero) }
    }
}

struct DropFailed: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drop",
        abstract: "Lets failed photos go: they are listed no more. Their records stay failed, with the reason.")

    @OptionGroup var targets: FailedTargets

    func run() async throws { try await targets.forEach("let go") { try await $0.queue.drop($1) } }
}
