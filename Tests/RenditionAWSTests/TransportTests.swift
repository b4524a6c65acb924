import Foundation
import NIOHTTP1
import RenditionAWS
import RenditionCore
import Testing

@Suite("Checks of bytes")
struct CRCTests {
    /// The check values of the catalogue of parametrised CRC algorithms: what each makes of "123456789".
    @Test func matchTheCatalogue() {
        let message = Array("123456789".utf8)
        #expect(CRC<UInt32>.crc32.of(message).value == 0xCBF4_3926)
        #expect(CRC<UInt32>.crc32c.of(message).value == 0xE306_9283)
        #expect(CRC<UInt64>.crc64NVME.of(message).value == 0xAE8B_1486_0A79_9888)
    }

    @Test func eightBytesAtATimeGiveTheSameAsOneByOne() {
        let message = (0..<203).map { UInt8(truncatingIfNeeded: $0 * 73 + 5) }
        var (narrow, wide) = (CRC<UInt32>.crc32, CRC<UInt64>.crc64NVME)
        for byte in message {
            narrow.update([byte])
            wide.update([byte])
        }
        #expect(CRC<UInt32>.crc32.of(message).value == narrow.value)
        #expect(CRC<UInt64>.crc64NVME.of(message).value == wide.value)
    }

    @Test func piecesGiveTheSameAsTheWhole() {
        var check = CRC<UInt64>.crc64NVME
        check.update(Array("12345".utf8))
        check.update(Array("6789".utf8))
        #expect(check.value == 0xAE8B_1486_0A79_9888)
    }
}

@Suite("The store's own time")
struct ServerClockTests {
    private let start = ContinuousClock.now

    /// A server ahead of this machine answers: its date is cut to seconds.
    private func date(_ wall: Timestamp, ahead: Duration, after: Duration) -> String {
        let moment = wall + ahead + after
        let style = Date.VerbatimFormatStyle(
            format: """
                \(weekday: .abbreviated), \(day: .twoDigits) \(month: .abbreviated) \(year: .defaultDigits) \
                \(hour: .twoDigits(clock: .twentyFourHour, hourCycle: .zeroBased)):\(minute: .twoDigits):\
                \(second: .twoDigits) GMT
                """,
            locale: Locale(identifier: "en_US_POSIX"), timeZone: .gmt, calendar: Calendar(identifier: .gregorian))
        return Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000).formatted(style)
    }

    @Test(arguments: [-300.0, -0.4, 0, 7.3, 300])
    func isLearntFromDates(_ ahead: Double) {
        let wall = Timestamp(milliseconds: 1_750_000_000_000)
        let clock = ServerClock(wall: wall)
        // Twenty answers at various moments within a second; each took 20 ms.
        for index in 0..<20 {
            let sent = Duration.milliseconds(index * 137)
            let answered = sent + .milliseconds(10)
            clock.learn(
                date: date(wall, ahead: .seconds(ahead), after: answered), sent: start + sent,
                received: start + sent + .milliseconds(20))
        }
        #expect(abs(clock.offset.seconds - ahead) < 0.2, "\(clock.offset)")
    }

    @Test func aClockThatIsSetIsFollowed() {
        let wall = Timestamp(milliseconds: 1_750_000_000_000)
        let clock = ServerClock(wall: wall)
        for (index, ahead) in [0.0, 0, 0, 60, 60].enumerated() {
            let sent = Duration.milliseconds(index * 300)
            clock.learn(
                date: date(wall, ahead: .seconds(ahead), after: sent), sent: start + sent, received: start + sent)
        }
        #expect(abs(clock.offset.seconds - 60) < 1.1, "\(clock.offset)")
    }

    @Test func whatIsNoDateTeachesNothing() {
        let clock = ServerClock(wall: Timestamp(milliseconds: 0))
        clock.learn(date: "yesterday", sent: start, received: start)
        #expect(clock.offset == .zero)
    }
}

@Suite("An object's integrity")
struct ObjectIntegrityTests {
    private func response(_ headers: HTTPHeaders, _ body: String = "123456789") -> WireResponse {
        WireResponse(status: 200, headers: headers, body: Array(body.utf8))
    }

    @Test(arguments: [
        ["content-length": "9"], ["etag": "\"25f9e794323b453885f5181f1b624d0b\""],
        ["x-amz-checksum-crc32": "y/Q5Jg=="], ["x-amz-checksum-crc32c": "4waSgw=="],
        ["x-amz-checksum-crc64nvme": "rosUhgp5mIg="],
        ["x-amz-checksum-sha256": "FeKw08M4keuw8e9gnsQZQgwg4yDOlMZfvIwzEkSOsiU="],
        // What says nothing about these bytes.
        ["etag": "\"00000000000000000000000000000000-3\""],
        ["etag": "\"00000000000000000000000000000000\"", "x-amz-server-side-encryption": "aws:kms"],
        ["x-amz-checksum-crc32": "AAAAAA==-2", "x-amz-checksum-type": "COMPOSITE"],
    ])
    func isFoundInTheHeaders(_ headers: [String: String]) {
        #expect(ObjectIntegrity.problem(with: response(HTTPHeaders(Array(headers)))) == nil)
    }

    @Test(arguments: [
        ["content-length": "10"], ["etag": "\"25f9e794323b453885f5181f1b624d0c\""],
        ["x-amz-checksum-crc32": "y/Q5Jw=="], ["x-amz-checksum-crc32c": "4waSgA=="],
        ["x-amz-checksum-crc64nvme": "rosUhgp5mIk="],
        ["x-amz-checksum-sha256": "AAKw08M4keuw8e9/yYQZxglg4haHyHcYsgaCtMJyxII="],
        ["x-amz-checksum-sha1": "AAAA"],
    ])
    func whatDiffersIsFound(_ headers: [String: String]) {
        #expect(ObjectIntegrity.problem(with: response(HTTPHeaders(Array(headers)))) != nil)
    }
}
