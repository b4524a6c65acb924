import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

@testable import renditions

/// The unit for systemd, as far as its own tools tell; scripts/check-images boots it.
@Suite("galerly-renditions.service", .timeLimit(.minutes(5)))
struct ServiceUnitTests {
    private static let path = "\(Corpus.root)/deploy/systemd/galerly-renditions.service"
    private let folder = TestFolder()

    /// The values of a key, in order.
    private func values(_ key: String) throws -> [String] {
        let text = try String(contentsOfFile: Self.path, encoding: .utf8)
        return text.split(separator: "\n").filter { $0.hasPrefix("\(key)=") }.map {
            String($0.dropFirst(key.count + 1))
        }
    }

    @Test func systemdUnderstandsIt() async throws {
        // The program isn't installed where the tests run; all else is as it is.
        let text = try String(contentsOfFile: Self.path, encoding: .utf8)
            .replacing("/usr/local/bin/renditions", with: Renditions.path)
        let unit = try folder.write("galerly-renditions.service", Array(text.utf8))
        let verified = try await Command.run("systemd-analyze", ["verify", "--man=no", unit])
        #expect(verified.status == 0 && verified.errors.isEmpty && verified.output.isEmpty, "\(verified.errors)")
        let odd = text.replacing("RestrictRealtime", with: "RestrictRealtimes")
        let wrong = try folder.write("wrong/galerly-renditions.service", Array(odd.utf8))
        let refused = try await Command.run("systemd-analyze", ["verify", "--man=no", wrong])
        #expect(refused.errors.contains("RestrictRealtimes"), "\(refused.errors)")
    }

    /// systemd's own measure, from 0 (shut in) to 10 (unlimited): what is left are the network and the namespaces with which
    /// render processes shut themselves in.
    @Test func itsExposureIsSmall() async throws {
        let judged = try await Command.run(
            "systemd-analyze", ["security", "--offline=yes", "--threshold=15", "--no-pager", Self.path])
        #expect(judged.status == 0, "\(judged.output.suffix(200))")
        #expect(judged.output.contains("Overall exposure level"))
    }

    @Test func itEndsAndRestartsAsTheWorkerDoes() throws {
        let grace = try #require(Int(Setting.grace.fallback))
        #expect(try values("TimeoutStopSec").compactMap { Int($0) }.allSatisfy { $0 > grace })
        #expect(try values("TimeoutStopSec").count == 1)
        #expect(try values("KillSignal") == ["SIGTERM"])
        #expect(try values("Restart") == ["on-failure"])
        // A store that is out of reach at the start may stay so for an hour.
        #expect(try values("StartLimitIntervalSec") == ["0"] && values("StartLimitBurst").isEmpty)
        #expect(try values("RestartSec").compactMap { Int($0) }.allSatisfy { $0 >= 10 })
        #expect(try values("RestartForceExitStatus") == ["SIGHUP"], "which systemd takes for a good end")
        // A wrong setting or call doesn't mend by itself.
        #expect(try values("RestartPreventExitStatus") == ["64 78"])
        #expect(try values("ExecReload") == [#"/bin/sh -c "kill -HUP ${MAINPID}""#])
    }

    /// On a machine of many cores too; what is only slowed down is held as well.
    @Test func itsLimitsHoldItsPhotos() throws {
        let words = try values("Environment").flatMap { $0.split(separator: " ") }.map { $0.split(separator: "=") }
        let given = words.filter { $0.count == 2 && Setting.named(String($0[0])) != nil }
        let environment = Dictionary(uniqueKeysWithValues: given.map { (String($0[0]), String($0[1])) })
        #expect(environment["RENDITIONS_THREADS"] != nil)
        let settings = try Settings(SettingSources([.environment(environment)]))
        for limit in ["MemoryHigh", "MemoryMax"] {
            let findings = MemoryLook.findings(
                physical: 64 << 30, group: try bytes(limit), threads: settings.integer(.threads),
                budget: settings.memoryBudget, renderMemory: settings.integer(.renderMemory) << 20)
            #expect(findings.map(\.verdict) == [.good], "\(limit): \(findings)")
        }
        // The worker itself is beside them.
        let renderers = settings.integer(.threads) * settings.integer(.renderMemory) << 20
        #expect(try bytes("MemoryHigh") - renderers >= 512 << 20)
        #expect(try bytes("MemoryMax") > bytes("MemoryHigh"))
    }

    /// A limit of memory, in bytes.
    private func bytes(_ key: String) throws -> Int {
        let text = try #require(try values(key).first)
        let number = try #require(Int(text.dropLast()))
        return try #require(["M": number << 20, "G": number << 30][text.suffix(1)])
    }
}
