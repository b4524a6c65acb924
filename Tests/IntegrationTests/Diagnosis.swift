import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// What `renditions doctor` said.
struct Diagnosis: CustomStringConvertible {
    let status: Int32
    let findings: [Finding]
    let errors: String

    init(_ environment: [String: String], _ arguments: [String] = []) async throws {
        let told = try await Renditions.run(["doctor", "--json"] + arguments, environment)
        status = told.status
        findings = try told.output.split(separator: "\n").map {
            try JSONDecoder().decode(Finding.self, from: Data($0.utf8))
        }
        errors = told.errors
    }

    init(_ platform: AWSPlatform, _ settings: [String: String] = [:], _ arguments: [String] = []) async throws {
        try await self.init(platform.environment.merging(settings) { $1 }, arguments)
    }

    /// What is wrong with the store: this machine's troubles depend on where the tests run.
    var wrongs: [Finding] { findings.filter { $0.verdict == .bad && $0.group != .machine } }

    /// The findings on the store that aren't good, by their subjects.
    var troubles: [String: Finding.Verdict] {
        let some = findings.filter { $0.verdict != .good && $0.group != .machine }
        return Dictionary(some.map { ($0.subject, $0.verdict) }) { first, _ in first }
    }

    func about(_ subject: String) -> Finding? { findings.first { $0.subject.contains(subject) } }

    var description: String {
        findings.map { "\($0.verdict) \($0.subject): \($0.text) → \($0.remedy ?? "")" }.joined(separator: "\n") + errors
    }

    /// Whether just one thing of the store is wrong, and told with these words and this remedy.
    func tellsOnly(_ words: String, _ remedy: String) -> Bool {
        status == 1 && wrongs.count == 1
            && wrongs.allSatisfy { "\($0.subject) \($0.text)".contains(words) && $0.remedy?.contains(remedy) == true }
    }
}
