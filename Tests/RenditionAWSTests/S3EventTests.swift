import RenditionAWS
import Testing

@Suite("Notifications of S3")
struct S3EventTests {
    private func uploads(_ text: String) throws -> [S3Event.Upload] { try S3Event(Array(text.utf8)).uploads }

    private func record(_ key: String, _ name: String = "ObjectCreated:Put", bucket: String = "photos") -> String {
        """
        {"eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "eu-west-1", "eventName": "\(name)",
         "s3": {"s3SchemaVersion": "1.0", "bucket": {"name": "\(bucket)", "arn": "arn:aws:s3:::\(bucket)"},
                "object": {"key": "\(key)", "size": 1024, "eTag": "d41d8cd9", "sequencer": "0A1B"}}}
        """
    }

    private func event(_ records: String...) -> String { #"{"Records": [\#(records.joined(separator: ","))]}"# }

    private func told(_ uploads: [S3Event.Upload]) -> [String] {
        uploads.map { ([$0.bucket] + $0.keys).joined(separator: " | ") }
    }

    /// A text as JSON's string.
    private func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n") + "\""
    }

    @Test(arguments: [
        ("a+b%20c%C3%A9.jpg", ["a b cé.jpg", "a+b%20c%C3%A9.jpg"]),
        ("g/plain.jpg", ["g/plain.jpg"]),
        // As senders have them that encode nothing.
        ("g/a b é.jpg", ["g/a b é.jpg"]), ("g/100%.jpg", ["g/100%.jpg"]),
        // A plus that was meant, unencoded and encoded.
        ("g/a+b.jpg", ["g/a b.jpg", "g/a+b.jpg"]), ("g/a%2Bb.jpg", ["g/a+b.jpg", "g/a%2Bb.jpg"]),
        ("g/%F0%9F%92%8D.jpg", ["g/💍.jpg", "g/%F0%9F%92%8D.jpg"]),
    ])
    func keysAreReadInEveryWay(_ key: String, _ readings: [String]) throws {
        #expect(told(try uploads(event(record(key)))) == [(["photos"] + readings).joined(separator: " | ")])
    }

    @Test(arguments: ["ObjectCreated:Put", "ObjectCreated:CompleteMultipartUpload", "s3:ObjectCreated:Copy"])
    func everyWayOfWritingCounts(_ name: String) throws {
        #expect(try uploads(event(record("k", name))).map(\.keys) == [["k"]])
    }

    @Test func removalsAreLeftOutAndTheRestIsKept() throws {
        let text = event(
            record("a"), record("b", "ObjectRemoved:Delete"), record("c", bucket: "other"),
            record("d", "LifecycleExpiration:Delete"))
        #expect(try uploads(text).map { "\($0.bucket) \($0.keys[0])" } == ["photos a", "other c"])
    }

    private let bridge = """
        {"version": "0", "detail-type": "Object Created", "source": "aws.s3", "region": "eu-west-1",
         "detail": {"version": "0", "bucket": {"name": "photos"}, "object": {"key": "g/a+b %20.jpg", "size": 5}}}
        """

    @Test func eventBridgeTellsKeysAsTheyAre() throws {
        #expect(told(try uploads(bridge)) == ["photos | g/a+b %20.jpg"])
        #expect(try uploads(bridge.replacing("Object Created", with: "Object Deleted")) == [])
    }

    @Test func whoeverCarriesItIsUnpacked() throws {
        let inner = event(record("k"))
        let sns = #"{"Type": "Notification", "TopicArn": "arn", "Subject": "Amazon S3", "Message": \#(quoted(inner))}"#
        let lambda = #"{"Records": [{"EventSource": "aws:sns", "Sns": {"Type": "N", "Message": \#(quoted(inner))}}]}"#
        func sqs(_ body: String) -> String {
            #"{"Records": [{"messageId": "1", "receiptHandle": "r", "body": \#(quoted(body)), "attributes": {}}]}"#
        }
        for text in [sns, lambda, sqs(inner), sqs(sns), sqs(bridge.replacing("g/a+b %20.jpg", with: "k"))] {
            #expect(try uploads(text).map(\.keys) == [["k"]], "\(text)")
        }
    }

    @Test func aTestOfTheSetupTellsOfNothing() throws {
        let text = #"{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "photos", "RequestId": "5"}"#
        #expect(try uploads(text) == [])
        #expect(try uploads(#"{"Records": []}"#) == [])
    }

    @Test(arguments: [
        ("", "it is not JSON of that form"), ("photo.jpg", "it is not JSON of that form"),
        ("[1]", "it is not JSON of that form"), (#"{"Records": 1}"#, "it is not JSON of that form"),
        ("{}", "it names no object"), (#"{"Records": [{"eventName": "ObjectCreated:Put"}]}"#, "it names no object"),
        (#"{"Message": "hello"}"#, "it is not JSON of that form"), (#"{"Event": "other"}"#, "it names no object"),
    ])
    func whatIsNoneSaysSo(_ text: String, _ reason: String) {
        let error = #expect(throws: S3Event.Unreadable.self) { try uploads(text) }
        #expect(error?.description == "This is no S3 event: \(reason).")
    }
}
