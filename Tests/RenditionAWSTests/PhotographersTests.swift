import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

@Suite("Photographers in DynamoDB", .timeLimit(.minutes(2)))
struct PhotographersTests {
    @Test func settingsAreFoundByIdAndReadAfresh() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let store = try await platform.open()
        func write(_ email: String, _ text: String) async throws {
            _ = try await platform.dynamo.put(
                [
                    "email": .string(email), "id": .string("u-1"), "watermark_enabled": .bool(true),
                    "watermark_text": .string(text),
                ], into: platform.tables.users)
        }
        func text() async throws -> String? { try await store.records.photographer("u-1")?.mark?.watermark.text }
        #expect(try await store.records.photographer("u-1") == nil)
        try await write("zoe@example.com", "one")
        #expect(try await text() == "one")
        try await write("zoe@example.com", "two")
        #expect(try await text() == "two")
        #expect(try await store.records.photographer("u-2") == nil)
        await store.close()
        await platform.close()
    }
}
