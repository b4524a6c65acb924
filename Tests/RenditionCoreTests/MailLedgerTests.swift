import Logging
import Testing

@testable import RenditionCore

@Suite("Photos and their mail")
struct MailLedgerTests {
    private struct Refusing: MailLedger {
        let error: RenditionError

        func mark(_ record: PhotoRecord, becoming status: String) async throws { throw error }
        func deliver(while mayGoOn: @Sendable () -> Bool) async -> MailRound { MailRound(again: .seconds(15)) }
    }

    private func note(_ stage: RenditionError.Stage) async throws {
        let error = RenditionError(code: "x", stage: stage, retriable: true, message: "It is full.")
        let record = PhotoRecord(attributes: ["id": .string("p"), "gallery_id": .string("g")])
        try await Refusing(error: error).note(
            record, becoming: PhotoStatus.active, Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A photo that is rendered is shown, whether a mail will tell of it or not.
    @Test func aRowOfMailThatCannotBeWrittenKeepsNoPhotoAway() async throws {
        await #expect(throws: Never.self) { try await note(.commit) }
    }

    /// Then the photo's record can't be written either, and it is owed, or its mail is.
    @Test func aStoreThatIsUnableIsWaitedFor() async throws {
        await #expect(throws: RenditionError.self) { try await note(.store) }
    }
}
