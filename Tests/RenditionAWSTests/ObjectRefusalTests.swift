import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// A refusal that is one photo's must not stop everybody's work, and one that is everybody's must not be a photo's.
@Suite("A refused object", .timeLimit(.minutes(2)))
struct ObjectRefusalTests {
    private func error(
        refusing action: FaultProxy.Action, _ method: String, onlyOne: Bool,
        _ body: (S3Objects) async throws -> Void
    ) async throws -> RenditionError? {
        let services = try await ProxiedServices.make()
        try await services.platform.put([1], as: "g/a.jpg")
        services.fail(of: { $0.method == method && (!onlyOne || $0.path.hasSuffix("g/a.jpg")) }, with: action)
        let objects = services.objects
        let error = await #expect(throws: RenditionError.self) { try await body(objects) }
        await services.close()
        return error
    }

    @Test func anOriginalThatAloneIsForbiddenIsThePhotosFailure() async throws {
        let error = try await error(refusing: .s3(403, "AccessDenied"), "GET", onlyOne: true) {
            _ = try await $0.get(.photos, key: "g/a.jpg", limit: 9)
        }
        #expect(error?.stage == .fetch)
        #expect(error?.isOutage == false)
    }

    @Test func aBucketThatIsForbiddenIsTheStoresFailure() async throws {
        let error = try await error(refusing: .s3(403, "AccessDenied"), "HEAD", onlyOne: false) {
            _ = try await $0.head(.photos, key: "g/a.jpg")
        }
        #expect(error?.isOutage == true)
        #expect(error?.code == "access_denied")
    }

    @Test func aForbiddenWriteIsTheStoresFailure() async throws {
        let error = try await error(refusing: .s3(403, "AccessDenied"), "PUT", onlyOne: false) {
            _ = try await $0.put(
                ObjectUpload(key: "g/b.jpg", body: .bytes([1]), contentType: "image/jpeg"), in: .renditions, if: .none)
        }
        #expect(error?.isOutage == true)
    }

    @Test func anObjectThatCantBeStoredIsThePhotosFailure() async throws {
        let error = try await error(refusing: .s3(400, "KeyTooLongError"), "PUT", onlyOne: false) {
            _ = try await $0.put(
                ObjectUpload(key: "g/b.jpg", body: .bytes([1]), contentType: "image/jpeg"), in: .renditions, if: .none)
        }
        #expect(error?.stage == .publish)
        #expect(error?.isOutage == false)
    }
}
