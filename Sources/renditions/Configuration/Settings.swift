import Foundation
import Logging
import RenditionCore
import RenditionIsolation

/// The values of all settings, as they were read at one moment.
struct Settings: Sendable {
    /// What was said, by the settings' names.
    private var given: [String: String]

    /// The process's environment with `.env.local`, `.env` and the file of settings beneath it, for AWS's credential
    /// chain. Empty values are left out.
    let environment: [String: String]

    /// The region that the profile in AWS's own files names.
    let profileRegion: String?

    /// Reads the settings from everywhere.
    ///
    /// - Parameter flags: What the command line says; nil for a flag that isn't there.
    /// - Throws: ``SettingError`` for the first thing that can't be.
    static func load(_ flags: KeyValuePairs<Setting, String?>) throws -> Settings {
        var files = SettingFiles()
        return try Settings(SettingSources.read(flags: flags, files: &files))
    }

    /// - Throws: ``SettingError`` for the first value that can't be.
    init(_ sources: SettingSources) throws {
        for setting in Setting.all {
            guard let value = sources.values[setting.name], !setting.accepts(value.text) else { continue }
            throw SettingError.wrong(setting, value.text, in: value.place)
        }
        given = sources.values.mapValues(\.text)
        environment = sources.environment
        profileRegion = Self.profileRegion(environment)
    }

    /// These settings as far as a worker may take them up while it runs, and otherwise those it runs by.
    func taken(by running: Settings) -> Settings {
        var taken = running
        for setting in Setting.all where setting.uptake == .live { taken.given[setting.name] = given[setting.name] }
        return taken
    }

    /// What was said of a setting; nil where nothing was.
    func given(_ setting: Setting) -> String? { given[setting.name] }

    func text(_ setting: Setting) -> String { given(setting) ?? setting.fallback }

    func integer(_ setting: Setting) -> Int { Int(text(setting)) ?? Int(setting.fallback) ?? 0 }

    func amount(_ setting: Setting) -> Double { Double(text(setting)) ?? Double(setting.fallback) ?? 0 }

    var logLevel: Logger.Level { Logger.Level(rawValue: text(.logLevel)) ?? .info }

    var buckets: BucketNames {
        BucketNames(photos: text(.photosBucket), renditions: text(.renditionsBucket))
    }

    var urls: PublicURLs {
        PublicURLs(endpoint: publicEndpoint, names: buckets, cdnDomain: given(.cdnDomain))
    }

    var limits: RenderLimits {
        RenderLimits(
            pixels: integer(.pixels) * 1_000_000, bytes: integer(.bytes) * 1_000_000,
            time: .seconds(integer(.seconds)), frames: integer(.frames), scans: integer(.jpegScans),
            nesting: integer(.nesting), metadata: integer(.packedMetadata) * 1_000_000,
            // The rest of a render process's memory is for its libraries, and for what comes behind the decoder.
            memory: integer(.renderMemory) << 20 / 4 * 3)
    }

    /// How photos are rendered, but for what their photographers chose.
    var instructions: RenderInstructions {
        RenderInstructions(
            sharpening: Sharpening(rawValue: text(.sharpening)) ?? .off,
            gamut: OutputGamut(rawValue: text(.gamut)) ?? .srgb,
            metadata: MetadataPolicy(rawValue: text(.metadata)) ?? .public,
            gainMap: GainMapChoice(rawValue: text(.gainMap)) ?? .keep,
            furtherFormats: FurtherFormats.parse(text(.furtherFormats)) ?? [:],
            scans: JPEGScans(rawValue: text(.scans)) ?? .lean)
    }

    /// How render processes are run.
    var isolation: IsolatedRenderer.Configuration {
        IsolatedRenderer.Configuration(memory: integer(.renderMemory) << 20, photos: integer(.renderPhotos))
    }

    var memoryBudget: Int { integer(.memory) << 20 }

    /// - Parameter drain: Whether to return when nothing is owed.
    func worker(drain: Bool) -> WorkerConfiguration {
        let lease = Duration.seconds(integer(.lease))
        var retry = Backoff.retry
        retry.base = .milliseconds(integer(.retry))
        return WorkerConfiguration(
            renderWidth: integer(.threads), memoryBudget: memoryBudget, lease: lease,
            heartbeat: lease / 3, abortAfter: lease * 4 / 5, grace: .seconds(integer(.grace)),
            maxAttempts: integer(.attempts), retry: retry, limits: limits, instructions: instructions,
            urls: urls, drain: drain)
    }

    /// Which store to use: the one that was named, or what the other settings suggest.
    var store: StoreChoice {
        if let choice = given(.store).flatMap({ StoreChoice($0) }) { return choice }
        return given(.photosTable) ?? given(.awsEndpoint) == nil ? .local("./galerly-data") : .aws
    }
}
