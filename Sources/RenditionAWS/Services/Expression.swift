import RenditionCore

/// A DynamoDB expression under construction: every attribute name and value goes in by an alias, since names as plain as
/// `status` and `shard` are reserved words.
///
/// Source: Amazon DynamoDB Developer Guide, "Expressions" and "Reserved words". A value.
package struct Expression: Sendable {
    package private(set) var names: [String: String] = [:]
    package private(set) var values: [String: RecordValue] = [:]
    private var aliases: [String: String] = [:]
    private var sets: [String] = []
    private var adds: [String] = []
    private var removes: [String] = []
    private var conditions: [String] = []

    package init() {}

    // MARK: What it is about

    /// The alias of an attribute.
    package mutating func name(_ name: String) -> String {
        if let known = aliases[name] { return known }
        let alias = "#n\(names.count)"
        names[alias] = name
        aliases[name] = alias
        return alias
    }

    /// The alias of a value.
    package mutating func value(_ value: RecordValue) -> String {
        let alias = ":v\(values.count)"
        values[alias] = value
        return alias
    }

    // MARK: Updates

    package mutating func set(_ attribute: String, _ value: RecordValue) {
        sets.append("\(name(attribute)) = \(self.value(value))")
    }

    /// Sets what isn't there yet.
    package mutating func setIfAbsent(_ attribute: String, _ value: RecordValue) {
        let alias = name(attribute)
        sets.append("\(alias) = if_not_exists(\(alias), \(self.value(value)))")
    }

    /// Appends to a list, which is made where there is none.
    package mutating func append(_ attribute: String, _ element: RecordValue) {
        let (alias, empty, tail) = (name(attribute), value(.list([])), value(.list([element])))
        sets.append("\(alias) = list_append(if_not_exists(\(alias), \(empty)), \(tail))")
    }

    /// Adds to a number, which counts as 0 where there is none.
    package mutating func add(_ attribute: String, _ amount: Int) {
        adds.append("\(name(attribute)) \(value(.integer(amount)))")
    }

    /// Adds a text to a set of texts, which is made where there is none.
    package mutating func add(_ attribute: String, member: String) {
        adds.append("\(name(attribute)) \(value(.stringSet([member])))")
    }

    package mutating func remove(_ attributes: String...) {
        for attribute in attributes { removes.append(name(attribute)) }
    }

    /// Removes the first elements of a list.
    package mutating func removeFirst(_ count: Int, of attribute: String) {
        let alias = name(attribute)
        removes += (0..<count).map { "\(alias)[\($0)]" }
    }

    // MARK: Conditions, all of which must hold

    package mutating func require(_ attribute: String, is value: RecordValue) {
        conditions.append("\(name(attribute)) = \(self.value(value))")
    }

    package mutating func require(_ attribute: String, atMost value: RecordValue) {
        conditions.append("\(name(attribute)) <= \(self.value(value))")
    }

    package mutating func require(_ attribute: String, atLeast value: RecordValue) {
        conditions.append("\(name(attribute)) >= \(self.value(value))")
    }

    package mutating func require(_ attribute: String, from low: RecordValue, to high: RecordValue) {
        conditions.append("\(name(attribute)) BETWEEN \(value(low)) AND \(value(high))")
    }

    package mutating func require(_ attribute: String, isOneOf values: [RecordValue]) {
        let aliases = values.map { value($0) }.joined(separator: ", ")
        conditions.append("\(name(attribute)) IN (\(aliases))")
    }

    package mutating func require(_ attribute: String, isNoneOf values: [RecordValue]) {
        let aliases = values.map { value($0) }.joined(separator: ", ")
        conditions.append("(attribute_not_exists(\(name(attribute))) OR NOT \(name(attribute)) IN (\(aliases)))")
    }

    package mutating func requirePresent(_ attribute: String) {
        conditions.append("attribute_exists(\(name(attribute)))")
    }

    package mutating func requireAbsent(_ attribute: String) {
        conditions.append("attribute_not_exists(\(name(attribute)))")
    }

    package mutating func requireAbsent(_ attribute: String, orAtMost value: RecordValue) {
        let alias = name(attribute)
        conditions.append("(attribute_not_exists(\(alias)) OR \(alias) <= \(self.value(value)))")
    }

    package mutating func requireAbsent(_ attribute: String, orAtLeast value: RecordValue) {
        let alias = name(attribute)
        conditions.append("(attribute_not_exists(\(alias)) OR \(alias) >= \(self.value(value)))")
    }

    // MARK: Text

    /// nil where nothing is changed.
    package var update: String? {
        let clauses = [("SET", sets), ("ADD", adds), ("REMOVE", removes)].filter { !$0.1.isEmpty }
        return clauses.isEmpty ? nil : clauses.map { "\($0) \($1.joined(separator: ", "))" }.joined(separator: " ")
    }

    /// nil where nothing is required.
    package var condition: String? { conditions.isEmpty ? nil : conditions.joined(separator: " AND ") }
}
