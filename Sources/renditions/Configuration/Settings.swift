import Foundation
import Logging
import RenditionCore

/// The values of all settings, read once at the start.
struct Settings: Sendable {
    private let environment: [String: String]

    /// - Throws: ``SettingError`` for the first value that can't be.
    init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        self.environment = environment
        for setting in Setting.all { try check(setting) }
    }

    private func check(_ setting: Setting) throws {
        guard let value = given(setting) else { return }
        let isRight =
            switch setting.kind {
            case .integer(let range, _): Int(value).map(range.contains) ?? false
            case .choice(let choices): choices.contains(value)
            case .text: true
            }
        guard isRight else { throw SettingError(setting, value: value, source: "the environment") }
    }

    /// What the environment says; an empty value is none.
    private func given(_ setting: Setting) -> String? {
        environment[setting.name].flatMap { $0.isEmpty ? nil : $0 }
    }

    func text(_ setting: Setting) -> String { given(setting) ?? setting.fallback }

    func integer(_ setting: Setting) -> Int { Int(text(setting)) ?? Int(setting.fallback) ?? 0 }

    var logLevel: Logger.Level { Logger.Level(rawValue: text(.logLevel)) ?? .info }

    var buckets: BucketNames {
        BucketNames(photos: text(.photosBucket), renditions: text(.renditionsBucket))
    }

    var urls: PublicURLs {
        PublicURLs(endpoint: text(.publicEndpoint), names: buckets, cdnDomain: given(.cdnDomain))
    }

    var limits: RenderLimits {
        RenderLimits(
            pixels: integer(.pixels) * 1_000_000, bytes: integer(.bytes) * 1_000_000,
            time: .seconds(integer(.seconds)))
    }

    var memoryBudget: Int { integer(.memory) << 20 }

    /// - Parameters:
    ///   - threads: The flag's value, which goes before the setting.
    ///   - drain: Whether to return when nothing is owed.
    func worker(threads: Int?, drain: Bool) -> WorkerConfiguration {
        let lease = Duration.seconds(integer(.lease))
        var retry = Backoff.retry
        retry.base = .milliseconds(integer(.retry))
        return WorkerConfiguration(
            renderWidth: threads ?? integer(.threads), memoryBudget: memoryBudget, lease: lease,
            heartbeat: lease / 3, abortAfter: lease * 4 / 5, grace: .seconds(integer(.grace)),
            maxAttempts: integer(.attempts), retry: retry, limits: limits, urls: urls, drain: drain)
    }

    /// Which store to use: the flag, the setting, or what the environment suggests.
    func store(flag: String?) throws -> StoreChoice {
        if let name = flag ?? given(.store) {
            guard let choice = StoreChoice(name) else {
                let source = flag == nil ? Setting.store.name : "--store"
                throw StoreChoice.Unknown(description: "\(source) is \"\(name)\"; it must be local:DIR or aws.")
            }
            return choice
        }
        let suggestsAWS = ["DYNAMODB_TABLE_PHOTOS", "AWS_ENDPOINT_URL"].contains { environment[$0]?.isEmpty == false }
        return suggestsAWS ? .aws : .local("./galerly-data")
    }
}

/// The store that was chosen.
enum StoreChoice: Sendable, Equatable {
    case local(String)
    case aws

    /// A name that is no store's.
    struct Unknown: Error, CustomStringConvertible {
        let description: String
    }

    init?(_ name: String) {
        if name == "aws" {
            self = .aws
        } else if name.hasPrefix("local:"), name.count > 6 {
            self = .local(String(name.dropFirst(6)))
        } else {
            return nil
        }
    }
}
