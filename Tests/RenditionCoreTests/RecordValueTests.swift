import Foundation
import RenditionCore
import Testing

@Suite("Record values")
struct RecordValueTests {
    @Test func dynamoDBsJSONRoundTrips() throws {
        let text = """
            {"M":{"b":{"B":"AP8="},"bs":{"BS":["AQ=="]},"f":{"BOOL":false},"l":{"L":[{"NULL":true},{"S":""}]},\
            "n":{"N":"1E-130"},"ns":{"NS":["1","2"]},"ss":{"SS":["é"]}}}
            """
        let value = try JSONDecoder().decode(RecordValue.self, from: Data(text.utf8))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        #expect(String(decoding: try encoder.encode(value), as: UTF8.self) == text)
    }

    @Test(arguments: ["{}", #"{"S":"a","N":"1"}"#, #"{"X":"a"}"#, #"{"N":1}"#])
    func whatIsNoAttributeValueIsRefused(_ text: String) {
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(RecordValue.self, from: Data(text.utf8))
        }
    }

    @Test func numbersAreWrittenAsPeopleWriteThem() {
        #expect(RecordValue.decimal(2.8, places: 2) == .number("2.8"))
        #expect(RecordValue.decimal(50, places: 2) == .number("50"))
        #expect(RecordValue.decimal(0.004, places: 9) == .number("0.004"))
        #expect(RecordValue.decimal(-0.0000001, places: 2) == .number("0"))
        #expect(RecordValue.decimal(.nan, places: 2) == nil)
        #expect(RecordValue.decimal(.infinity, places: 2) == nil)
    }

    @Test func plainJSONKeepsLongNumbers() throws {
        let value = RecordValue.map(["n": .number("12345678901234567890"), "s": .stringSet(["a"])])
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        #expect(
            String(decoding: try encoder.encode(PlainJSON(value)), as: UTF8.self)
                == #"{"n":12345678901234567890,"s":["a"]}"#)
    }
}
