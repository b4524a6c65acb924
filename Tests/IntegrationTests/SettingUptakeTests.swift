import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import renditions

/// What of the settings a running worker takes up, and when files are ready to be read.
@Suite("Taking up settings")
struct SettingUptakeTests {
    private let folder = TestFolder()

    private func settings(_ variables: [String: String]) throws -> Settings {
        try Settings(SettingSources([.environment(variables)]))
    }

    /// Another value than the default.
    private static func other(_ setting: Setting) -> String {
        switch setting.kind {
        case .integer(let range, _):
            setting.fallback == "\(range.upperBound)" ? "\(range.lowerBound)" : "\(range.upperBound)"
        case .amount: "7"
        case .choice(let choices): choices.last { $0 != setting.fallback } ?? ""
        case .url: "http://other.example"
        case .mail: "other@example.com"
        case .address: "9090"
        case .store: "local:other"
        case .formats: "webp"
        case .text, .secret: "other"
        }
    }

    /// All that a running worker goes by.
    private struct Felt: Equatable {
        let urls: PublicURLs
        let instructions: RenderInstructions
        let rest: String

        init(_ settings: Settings) {
            let style = LogStyle(settings)
            var configuration = WorkerConfiguration(urls: PublicURLs(endpoint: "", names: settings.buckets))
            configuration.takeUp(settings.worker(drain: false))
            urls = configuration.urls
            instructions = configuration.instructions
            rest =
                "\(style.level) \(style.isJSON) \(configuration.limits) \(configuration.maxAttempts) "
                + "\(configuration.retry) \(configuration.grace)"
        }
    }

    /// The file of settings by itself changes nothing.
    @Test(arguments: Setting.all.filter { $0.uptake == .live && $0.name != Setting.config.name })
    func whatIsLiveIsFelt(_ setting: Setting) throws {
        let running = try settings(["RENDITIONS_LOG_FORMAT": "human"])
        let new = try settings(["RENDITIONS_LOG_FORMAT": "human"].merging([setting.name: Self.other(setting)]) { $1 })
        #expect(Felt(new.taken(by: running)) != Felt(running))
    }

    /// Not even in the URLs that follow from the region or a bucket's name.
    @Test(arguments: Setting.all.filter { $0.uptake != .live })
    func whatWaitsForAStartIsNotFelt(_ setting: Setting) throws {
        let running = try settings(["RENDITIONS_STORE": "aws", "AWS_REGION": "eu-west-1"])
        let new = try settings(
            ["RENDITIONS_STORE": "aws", "AWS_REGION": "eu-west-1"].merging([setting.name: Self.other(setting)]) { $1 })
        #expect(Felt(new.taken(by: running)) == Felt(running))
    }

    /// The profile in AWS's own files may name another one meanwhile.
    @Test func theRegionIsThatOfTheStart() throws {
        let variables = ["AWS_CONFIG_FILE": folder.path("config"), "RENDITIONS_STORE": "aws"]
        try folder.write("config", Array("[default]\nregion = eu-west-1\n".utf8))
        let running = try settings(variables)
        let felt = Felt(running)
        try folder.write("config", Array("[default]\nregion = eu-west-2\n".utf8))
        #expect(Felt(try settings(variables).taken(by: running)) == felt)
    }

    // MARK: Files

    private func files(_ text: String?) throws -> SettingFiles {
        let path = folder.path("renditions.yaml")
        try? FileManager.default.removeItem(atPath: path)
        if let text { try folder.write("renditions.yaml", Array(text.utf8)) }
        return SettingFiles([path])
    }

    @Test func aChangeCountsWhenTwoLooksFoundTheSame() throws {
        var settled = SettledFiles(try files("a: 1\nb: 2"))
        let changed = try files("a: 1\nb: 3")
        let looks = try [files("a: 1\nb: 2"), files(""), files("a: 1"), changed, changed].map { settled.isNew($0) }
        #expect(looks == [false, false, false, false, true])
        settled.judge(changed)
        let again = settled.isNew(changed)
        #expect(!again, "it is read once")
    }

    /// Half a file, or none, that is whole again a second later.
    @Test func whatIsMendedMeanwhileWasNothing() throws {
        let whole = try files("a: 1\nb: 2")
        var settled = SettledFiles(whole)
        for half in ["", "a: 1", nil] {
            let looks = try [files(half), whole, whole].map { settled.isNew($0) }
            #expect(looks == [false, false, false])
        }
    }
}
