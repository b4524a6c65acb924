import Foundation
import RenditionAWS
import RenditionTestKit
import Testing

@Suite("Credentials from a process", .timeLimit(.minutes(1)))
struct CredentialProcessTests {
    private let world = CredentialWorld()

    private func provider(_ command: String) throws -> ProfileCredentials {
        try world.config("[default]\ncredential_process = \(command)\n")
        return ProfileCredentials(world.surroundings)
    }

    /// A command that writes a document.
    private func writing(_ document: String) throws -> ProfileCredentials {
        try provider("cat '\(try world.folder.write("a document", Array(document.utf8)))'")
    }

    @Test func whatItWritesIsRead() async throws {
        let found = try await writing(CredentialAnswers.json(token: "SessionToken", more: #""Version": 1, "#))
            .credentials()
        #expect(found == CredentialAnswers.credentials)
    }

    @Test func longTermKeysNeverExpire() async throws {
        let found = try await writing(#"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s"}"#).credentials()
        #expect(found == Credentials(accessKeyID: "A", secretAccessKey: "s"))
    }

    @Test(arguments: ["2025-06-15T16:06:40Z", "2025-06-15T16:06:40.123456Z", "2025-06-15T18:06:40+02:00"])
    func allFormsOfADateAreRead(_ date: String) async throws {
        let document = #"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s", "Expiration": "\#(date)"}"#
        #expect(try await writing(document).credentials()?.expiration == CredentialAnswers.expiration)
    }

    @Test func aCommandsOwnEndIsTheEndWhateverItLeavesBehind() async throws {
        let document = try world.folder.write(
            "d", Array(#"{"Version":1,"AccessKeyId":"A","SecretAccessKey":"s"}"#.utf8))
        let began = ContinuousClock.now
        #expect(try await provider("sleep 20 & cat \(document)").credentials()?.accessKeyID == "A")
        #expect(ContinuousClock.now - began < .seconds(15))
    }

    @Test(arguments: [
        (#"{"AccessKeyId": "A", "SecretAccessKey": "s3cret"}"#, "of a Version other than 1. Update that command."),
        (#"{"Version": 2, "AccessKeyId": "A", "SecretAccessKey": "s3cret"}"#, "of a Version other than 1."),
        (#"{"Version": 1, "SecretAccessKey": "s3cret"}"#, "gave no access key with its secret."),
        (#"{"Version": 1, "AccessKeyId": ["s3cret"]}"#, "gave something that is no JSON of credentials."),
        ("s3cret", "gave something that is no JSON of credentials."),
        (
            #"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "s3cret", "Expiration": "soon"}"#,
            "whose expiration is no date."
        ),
    ])
    func whatIsWrongIsToldAndNotQuoted(_ document: String, _ words: String) async throws {
        let text = try #require(await errorText(of: writing(document)))
        #expect(text.hasPrefix("The credential_process of the profile \"default\" gave"))
        #expect(text.contains(words), "\(text)")
        #expect(!text.contains("s3cret"))
    }

    @Test func aFailureTellsTheStatusAndNothingOfTheCommand() async throws {
        let text = await errorText(of: try provider("echo s3cret >&2; exit 3"))
        #expect(
            text == "The credential_process of the profile \"default\" ended with status 3. Run it by hand to see why.")
    }

    @Test func endlessOutputIsCutOff() async throws {
        let text = await errorText(of: try provider("yes s3cret"))
        #expect(
            text == "The credential_process of the profile \"default\" wrote more than credentials. "
                + "Run it by hand to see what.")
    }

    @Test func whatTakesTooLongIsEndedWithAllItStarted() async throws {
        let file = world.folder.path("late")
        let process = CredentialProcess(
            profile: "p", command: "(sleep 1; touch '\(file)') & wait", environment: [:], limit: .milliseconds(200))
        let error = await #expect(throws: CredentialError.self) { try await process.credentials() }
        #expect(error?.description.contains("took longer than 0.2 seconds. Run it by hand") == true)
        try await Task.sleep(for: .milliseconds(1500))
        #expect(world.folder.files().isEmpty)
    }

    @Test func aCancelledTaskEndsIt() async throws {
        let provider = try provider("sleep 50")
        let began = ContinuousClock.now
        let task = Task { try await provider.credentials() }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(ContinuousClock.now - began < .seconds(20))
    }
}
