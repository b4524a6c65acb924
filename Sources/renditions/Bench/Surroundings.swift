import Foundation
import RenditionCore
import RenditionLocal
import RenditionVips

/// What a measurement was made with, as far as another one can differ in it.
struct Surroundings: Codable, Sendable, Equatable {
    struct Machine: Codable, Sendable, Equatable {
        var system: String
        var processor: String
        var cores: Int
        /// Bytes.
        var memory: UInt64
    }

    struct Corpus: Codable, Sendable, Equatable {
        /// Different files.
        var files: Int
        /// Photos a round.
        var photos: Int
        /// Bytes of a round's originals.
        var bytes: Int
        /// Tells corpora apart: a hash of the files' names and lengths.
        var fingerprint: String
    }

    var machine: Machine
    /// Versions by name.
    var software: [String: String]
    var corpus: Corpus
    /// Photos rendered at once.
    var threads: Int
    /// The most photos in hand; nil for the worker's own bounds.
    var inFlight: Int?
    var memoryBudget: Int
    /// Which store the worker worked on; nil for rendering alone.
    var store: String?
    /// What renditions are made, in short.
    var recipe: String

    init(_ plan: BenchPlan, _ settings: Settings, memoryBudget: Int, store: String?, renderer: String) {
        machine = Machine(
            system: Self.systemName, processor: Self.processorName,
            cores: ProcessInfo.processInfo.activeProcessorCount, memory: ProcessInfo.processInfo.physicalMemory)
        software = [
            "renditions": Renditions.version, "renderer": renderer,
            "libvips": VipsLibrary.version, "libjpeg-turbo": JPEGLibrary.version,
        ]
        let files = plan.files.map { "\($0.name) \($0.bytes)" }
        corpus = Corpus(
            files: Set(plan.files).count, photos: files.count, bytes: plan.files.reduce(0) { $0 + $1.bytes },
            fingerprint: String(Checksum.sha256(files.joined(separator: "\n")).prefix(16)))
        threads = plan.threads
        inFlight = plan.inFlight
        self.memoryBudget = memoryBudget
        self.store = store
        recipe = Recipe.hash(renderer: renderer, instructions: settings.instructions, originalETag: "")
    }

    private static var systemName: String {
        value(of: "PRETTY_NAME", "=", in: "/etc/os-release")
            ?? ProcessInfo.processInfo.operatingSystemVersionString
    }

    private static var processorName: String { value(of: "model name", ":", in: "/proc/cpuinfo") ?? "unknown" }

    private static func value(of name: String, _ separator: Character, in path: String) -> String? {
        let text = String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: separator, maxSplits: 1)
            guard parts.count == 2, parts[0].trimmingCharacters(in: .whitespaces) == name else { continue }
            return parts[1].trimmingCharacters(in: CharacterSet(charactersIn: " \"\t"))
        }
        return nil
    }

    /// What is different in another measurement's, a line each.
    func differences(from other: Surroundings) -> [String] {
        func line(_ name: String, _ before: some CustomStringConvertible, _ now: some CustomStringConvertible)
            -> String?
        {
            "\(before)" == "\(now)" ? nil : "\(name): \(before) before, \(now) now"
        }
        let names = Set(software.keys).union(other.software.keys).sorted()
        return [
            line("photos a round", other.corpus.photos, corpus.photos),
            other.corpus.fingerprint == corpus.fingerprint ? nil : "the corpus is another one",
            line("render threads", other.threads, threads),
            line("photos in flight", Self.bound(other.inFlight), Self.bound(inFlight)),
            line("memory budget", Format.bytes(other.memoryBudget), Format.bytes(memoryBudget)),
            line("store", other.store ?? "none", store ?? "none"),
            other.recipe == recipe ? nil : "the renditions are others",
            line("cores", other.machine.cores, machine.cores),
            line("processor", other.machine.processor, machine.processor),
            line("system", other.machine.system, machine.system),
        ].compactMap { $0 } + names.compactMap { line($0, other.software[$0] ?? "none", software[$0] ?? "none") }
    }

    private static func bound(_ count: Int?) -> String { count.map(String.init) ?? "as memory allows" }
}
