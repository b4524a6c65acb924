import Foundation
import RenditionTestKit
import Testing

@Suite("Emulators")
struct EmulatorTests {
    @Test func verifiesSignatures() async throws {
        let emulator = try await Emulator.shared()
        let right = Curl(emulator)
        let wrong = Curl(emulator.endpoint, emulator.accessKeyID, emulator.secretAccessKey + "x")
        let stranger = Curl(emulator.endpoint, "AKIANOBODY", "secret")
        #expect(try await right.s3("PUT", "/signatures").status == 200)
        #expect(try await wrong.s3("GET", "/signatures").status == 403)
        #expect(try await stranger.s3("GET", "/signatures").status == 403)
        #expect(try await right.dynamoDB("ListTables", "{}").status == 200)
        #expect(try await wrong.dynamoDB("ListTables", "{}").body.contains("InvalidSignatureException"))
        #expect(try await stranger.dynamoDB("ListTables", "{}").body.contains("UnrecognizedClientException"))
    }

    @Test func isSharedByAllWhoAskAtOnce() async throws {
        async let first = Emulator.shared()
        async let second = Emulator.shared()
        #expect(try await first === second)
    }

    @Test func keepsItsDataOverARestart() async throws {
        let emulator = try await Emulator.start(folder: TestFolder())
        let endpoint = emulator.endpoint
        let curl = Curl(emulator)
        #expect(try await curl.s3("PUT", "/photos").status == 200)
        #expect(try await curl.put("/photos/key", "the photo").status == 200)
        let table = """
            {"TableName": "jobs", "BillingMode": "PAY_PER_REQUEST",
             "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
             "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}
            """
        #expect(try await curl.dynamoDB("CreateTable", table).status == 200)
        let item = #"{"TableName": "jobs", "Item": {"id": {"S": "1"}, "state": {"S": "waiting"}}}"#
        #expect(try await curl.dynamoDB("PutItem", item).status == 200)

        try await emulator.restart()
        #expect(emulator.endpoint == endpoint)
        #expect(try await curl.s3("GET", "/photos/key").body == "the photo")
        let found = try await curl.dynamoDB("GetItem", #"{"TableName": "jobs", "Key": {"id": {"S": "1"}}}"#)
        #expect(found.body.contains("waiting"))

        await emulator.stop()
        let port = try #require(endpoint.split(separator: ":").last.flatMap { Int($0) })
        #expect(FreePort.isFree(port))
    }

    @Test func endsWithItsLastUse() async throws {
        var folder: TestFolder? = TestFolder()
        let path = try #require(folder?.path)
        var emulator: Emulator? = try await Emulator.start(folder: try #require(folder))
        let port = try #require(emulator?.endpoint.split(separator: ":").last.flatMap { Int($0) })
        #expect(!FreePort.isFree(port))
        emulator = nil
        folder = nil
        let deadline = ContinuousClock.now + .seconds(20)
        while FileManager.default.fileExists(atPath: path) || !FreePort.isFree(port), ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        #expect(FreePort.isFree(port))
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func theSecondS3VerifiesSignatures() async throws {
        let server = try await SeaweedServer.start(folder: TestFolder())
        let right = Curl(server.endpoint, server.accessKeyID, server.secretAccessKey)
        let wrong = Curl(server.endpoint, server.accessKeyID, server.secretAccessKey + "x")
        #expect(try await right.s3("PUT", "/photos").status == 200)
        #expect(try await right.put("/photos/key", "the photo").status == 200)
        #expect(try await right.s3("GET", "/photos/key").body == "the photo")
        #expect(try await wrong.s3("GET", "/photos/key").status == 403)
        let unsigned = try await Command.run(
            "curl",
            ["--silent", "--write-out", "%{http_code}", "--output", "/dev/null", "\(server.endpoint)/photos/key"])
        #expect(unsigned.output == "403")
        await server.stop()
        let port = try #require(server.endpoint.split(separator: ":").last.flatMap { Int($0) })
        #expect(FreePort.isFree(port))
    }
}
