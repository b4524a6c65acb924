import Foundation
import Logging
import RenditionCore
import Synchronization

/// Keeps a worker's settings those of its files while it runs.
///
/// Once a second it looks at the files that settings were read from, and where they would be read from, and reads everything
/// anew when they say something else; flags and the environment are those of the start and go first as ever. What can't be is
/// refused as a whole, and the worker goes on by what it had. Any thread may use it.
final class SettingsReload: Sendable {
    /// What it came to.
    struct State: Sendable {
        /// When the settings in force were read.
        var read: Timestamp
        /// When a change was refused that nobody has mended yet.
        var refused: Timestamp?
    }

    /// What the worker started by.
    let settings: Settings
    private let flags: KeyValuePairs<Setting, String?>
    private let files: SettingFiles
    private let bell = Bell()
    private let disk = DispatchPool(width: 1, label: "renditions.settings")
    private let isAsked = Mutex(false)
    private let current: Mutex<State>

    /// Reads the settings for the start.
    ///
    /// - Parameter flags: What the command line says; nil for a flag that isn't there.
    /// - Throws: ``SettingError`` for the first thing that can't be.
    init(flags: KeyValuePairs<Setting, String?>) throws {
        self.flags = flags
        var files = SettingFiles()
        settings = try Settings(SettingSources.read(flags: flags, files: &files))
        self.files = files
        current = Mutex(State(read: Timestamp(Date())))
    }

    var state: State { current.withLock { $0 } }

    /// Has everything read anew at once.
    func ask() {
        isAsked.withLock { $0 = true }
        bell.ring()
    }

    /// Looks after the settings until cancelled.
    ///
    /// - Parameter takeUp: Told of settings by which the worker is to go on.
    func run(logger: Logger, takeUp: @Sendable (Settings) -> Void) async {
        var settled = SettledFiles(files)
        var running = settings
        while !Task.isCancelled {
            await bell.wait(atMost: .seconds(1))
            let isAsked = isAsked.withLock { asked in
                defer { asked = false }
                return asked
            }
            guard let reading = try? await read(settled, isAsked: isAsked) else { continue }
            var files = reading.files
            switch reading.result {
            case nil:
                _ = settled.isNew(files)
                continue
            case .failure(let error):
                current.withLock { $0.refused = Timestamp(Date()) }
                logger.error("The settings stay as they are: \(error)")
            case .success(let new):
                let change = SettingsChange(from: running, to: new)
                running = new.taken(by: running)
                // Whichever level is to hold from now on, this line belongs to both.
                var log = logger
                let level = logger.logLevel
                if change.isFelt { takeUp(running) }
                log.logLevel = min(level, logger.logLevel)
                current.withLock { $0 = State(read: Timestamp(Date())) }
                log.notice("\(Self.occasion(files, settled.judged)): \(change.description).")
                files = files.read
            }
            settled.judge(files)
        }
    }

    private struct Reading: Sendable {
        /// What was looked at.
        var files: SettingFiles
        /// nil where there is nothing to read yet.
        var result: Result<Settings, any Error>?
    }

    private func read(_ settled: SettledFiles, isAsked: Bool) async throws -> Reading {
        // A folder on a network may take its time.
        try await disk.run { [flags] in
            var settled = settled
            let seen = SettingFiles(settled.names)
            guard settled.isNew(seen) || isAsked else { return Reading(files: seen) }
            var files = seen
            let result = Result { () throws -> Settings in
                let settings = try Settings(SettingSources.read(flags: flags, files: &files))
                // What else would stop the next start.
                if settings.store == .aws { _ = try settings.aws() }
                return settings
            }
            // A file that is looked for from now on has to be settled as well.
            return files == seen || isAsked ? Reading(files: files, result: result) : Reading(files: files)
        }
    }

    private static func occasion(_ files: SettingFiles, _ before: SettingFiles) -> String {
        let changed = files.changed(since: before)
        let read = changed.filter(files.isThere)
        let gone = changed.filter { !files.isThere($0) }
        let parts = [
            read.isEmpty ? nil : "\(read.joined(separator: ", ")) \(read.count == 1 ? "was" : "were") read anew",
            gone.isEmpty ? nil : "\(gone.joined(separator: ", ")) \(gone.count == 1 ? "is" : "are") gone",
        ].compactMap { $0 }
        return parts.isEmpty ? "The settings were read anew" : parts.joined(separator: ", ").printable
    }
}
