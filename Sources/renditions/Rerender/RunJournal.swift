import Foundation
import RenditionCore
import Synchronization

/// A run's file: what was asked for, and which photos were chosen, so that another process can go on with it.
///
/// Lines of JSON, each batch of them on the disk before anything is queued. What became of a photo isn't in it: its row in
/// the queue tells that, which can't fall behind. One process at a time has it open. Any thread may use it.
final class RunJournal: Sendable {
    /// The first line.
    struct Header: Codable, Sendable {
        var run: String
        /// By the store's clock.
        var begun: Timestamp
        var store: String
        var plan: RerenderPlan
    }

    /// A photo that was chosen.
    struct Entry: Codable, Sendable {
        var id: String
        var gallery: String
        /// The generation that its row must have exceeded for its work to have been queued since.
        var past: Int
    }

    /// What was wrong with a journal, for the operator.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    let header: Header
    let path: String
    private let file: Mutex<Int32>

    private struct Line: Codable {
        var header: Header?
        var entry: Entry?
        /// Whether all photos of the plan were chosen.
        var complete: Bool?
    }

    // MARK: Opening

    /// Begins a journal.
    static func begin(in folder: String, store: String, plan: RerenderPlan, at now: Timestamp) throws -> RunJournal {
        let stamp = now.iso8601.prefix(19).filter { $0.isNumber || $0 == "T" }
        let run = "\(stamp)-\(UUID().uuidString.prefix(4).lowercased())"
        let path = "\(folder)/\(run).jsonl"
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        } catch {
            throw Problem(
                description: "\(folder) can't be made to keep this run in: \(error). Name another with --runs.")
        }
        let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("made", path) }
        let journal = try RunJournal(file, path, Header(run: run, begun: now, store: store, plan: plan))
        try journal.append([Line(header: journal.header)])
        // Its name is to last as well.
        let directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if directory >= 0 {
            fsync(directory)
            close(directory)
        }
        return journal
    }

    /// Opens a run that was not finished.
    ///
    /// - Parameter run: Its name; nil for the newest of this store.
    static func resume(_ run: String?, in folder: String, store: String) throws -> RunJournal {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.hasSuffix(".jsonl") }.sorted(by: >)
        let headers = names.lazy.compactMap { name in header(of: "\(folder)/\(name)").map { ("\(folder)/\(name)", $0) }
        }
        guard
            let (path, header) = headers.first(where: { found in
                run.map { $0 == found.1.run } ?? (found.1.store == store)
            })
        else {
            throw Problem(
                description: run.map { "There is no unfinished run \($0) in \(folder)." }
                    ?? "There is no unfinished run of this store in \(folder).")
        }
        guard header.store == store else {
            throw Problem(description: "The run \(header.run) is of another store: \(header.store).")
        }
        let file = open(path, O_RDWR | O_APPEND | O_CLOEXEC)
        guard file >= 0 else { throw failure("opened", path) }
        let journal = try RunJournal(file, path, header)
        try journal.cutUnfinishedLine()
        return journal
    }

    private init(_ file: Int32, _ path: String, _ header: Header) throws {
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw Problem(description: "The run \(header.run) is going on in another process.")
        }
        self.header = header
        self.path = path
        self.file = Mutex(file)
    }

    deinit { close(file.withLock { $0 }) }

    private static func header(of path: String) -> Header? {
        guard let file = FileHandle(forReadingAtPath: path), let start = try? file.read(upToCount: 1 << 22),
            let line = start.split(separator: UInt8(ascii: "\n"), maxSplits: 1).first
        else { return nil }
        return (try? JSONDecoder().decode(Line.self, from: line))?.header
    }

    // MARK: Writing

    /// Notes photos that were chosen; they are on the disk when it returns.
    func append(_ entries: [Entry]) throws { try append(entries.map { Line(entry: $0) }) }

    /// Notes that there will be no more.
    func complete() throws { try append([Line(complete: true)]) }

    /// The run is finished, and nothing is left to resume.
    func remove() { unlink(path) }

    private func append(_ lines: [Line]) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = Data()
        for line in lines {
            bytes += try encoder.encode(line)
            bytes.append(UInt8(ascii: "\n"))
        }
        try file.withLock { file in
            try bytes.withUnsafeBytes { buffer in
                var done = 0
                while done < buffer.count {
                    let count = write(file, buffer.baseAddress?.advanced(by: done), buffer.count - done)
                    if count < 0, errno == EINTR { continue }
                    guard count > 0 else { throw Self.failure("written", path) }
                    done += count
                }
            }
            guard fsync(file) == 0 else { throw Self.failure("written", path) }
        }
    }

    /// A process that was killed may have left half a line.
    private func cutUnfinishedLine() throws {
        guard let bytes = FileManager.default.contents(atPath: path), bytes.last != UInt8(ascii: "\n") else { return }
        let end = bytes.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
        guard file.withLock({ ftruncate($0, off_t(end)) }) == 0 else { throw Self.failure("written", path) }
    }

    // MARK: Reading

    /// The photos that were chosen, some at a time.
    ///
    /// - Returns: whether all of the plan were.
    func entries(_ body: ([Entry]) async throws -> Void) async throws -> Bool {
        guard let file = FileHandle(forReadingAtPath: path) else { throw Self.failure("read", path) }
        var isComplete = false
        var rest = Data()
        func next() throws -> Data {
            do {
                return try file.read(upToCount: 1 << 16) ?? Data()
            } catch {
                throw Problem(description: "\(path) can't be read: \(error).")
            }
        }
        while case let some = try next(), !some.isEmpty {
            rest += some
            guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { continue }
            let lines = try rest[...end].split(separator: UInt8(ascii: "\n")).map { text in
                guard let line = try? JSONDecoder().decode(Line.self, from: text) else {
                    throw Problem(
                        description:
                            "\(path) is damaged: which photos were chosen isn't known. Delete it and begin anew.")
                }
                return line
            }
            rest = Data(rest[rest.index(after: end)...])
            isComplete = isComplete || lines.contains { $0.complete == true }
            var entries = lines.compactMap(\.entry)[...]
            while !entries.isEmpty {
                try await body(Array(entries.prefix(100)))
                entries = entries.dropFirst(100)
            }
        }
        return isComplete
    }

    private static func failure(_ what: String, _ path: String) -> Problem {
        Problem(description: "\(path) can't be \(what): \(String(cString: strerror(errno))).")
    }
}
