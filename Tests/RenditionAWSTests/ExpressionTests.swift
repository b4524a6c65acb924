import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

@Suite("DynamoDB's expressions")
struct ExpressionTests {
    @Test func namesAndValuesStandUnderAliases() {
        var expression = Expression()
        expression.set("status", .string("ready"))
        expression.require("status", is: .string("owed"))
        #expect(expression.update == "SET #n0 = :v0")
        #expect(expression.condition == "#n0 = :v1")
        #expect(expression.names == ["#n0": "status"])
        #expect(expression.values == [":v0": .string("ready"), ":v1": .string("owed")])
    }

    @Test func clausesOfAKindStandTogether() {
        var expression = Expression()
        expression.remove("a", "b")
        expression.add("c", 2)
        expression.set("d", .integer(1))
        expression.add("e", -1)
        expression.set("f", .integer(3))
        #expect(expression.update == "SET #n3 = :v1, #n5 = :v3 ADD #n2 :v0, #n4 :v2 REMOVE #n0, #n1")
    }

    @Test func nothingIsNoExpression() {
        #expect(Expression().update == nil)
        #expect(Expression().condition == nil)
    }

    @Test func conditionsMustAllHold() {
        var expression = Expression()
        expression.requirePresent("a")
        expression.requireAbsent("b", orAtMost: .integer(1))
        expression.require("c", from: .integer(2), to: .integer(3))
        expression.require("d", isNoneOf: [.integer(4), .integer(5)])
        #expect(
            expression.condition == "attribute_exists(#n0) AND (attribute_not_exists(#n1) OR #n1 <= :v0)"
                + " AND #n2 BETWEEN :v1 AND :v2 AND (attribute_not_exists(#n3) OR NOT #n3 IN (:v3, :v4))")
    }

    /// Some of these are reserved words, and the server takes them all the same.
    @Test func theServerDoesWhatTheySay() async throws {
        let platform = try await AWSPlatform.make(on: try await Emulator.shared())
        let (dynamo, table) = (platform.dynamo, platform.tables.photos)
        let key: DynamoDB.Item = ["id": .string("a")]
        var first = Expression()
        first.set("status", .string("x"))
        first.set("shard.name #1", .bool(true))
        first.append("log", .integer(1))
        first.add("count", 2)
        first.requireAbsent("id")
        _ = try await dynamo.update(key, in: table, first)
        var second = Expression()
        second.removeFirst(1, of: "log")
        second.remove("status")
        second.add("count", -1)
        second.require("count", atLeast: .integer(2))
        second.require("status", isOneOf: [.string("x"), .string("y")])
        guard case .written(let item) = try await dynamo.update(key, in: table, second, returning: .new) else {
            Issue.record("the condition held")
            return
        }
        let wanted: DynamoDB.Item = [
            "id": .string("a"), "shard.name #1": .bool(true), "log": .list([]), "count": .integer(1),
        ]
        #expect(item == wanted)
        guard case .refused(let before, _) = try await dynamo.update(key, in: table, second) else {
            Issue.record("the condition does not hold")
            return
        }
        #expect(before == wanted)
        await platform.close()
    }
}
