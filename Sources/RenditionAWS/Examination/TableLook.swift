import RenditionCore

/// Whether a table is there, with the keys and the indexes that are asked.
struct TableLook: Sendable {
    let dynamo: DynamoDB
    let shape: TableShape
    /// Whether its stream must be on.
    let needsStream: Bool

    var subject: String { "table \(shape.name)" }

    private var remedy: String {
        shape.owner == .worker
            ? "`renditions setup` makes it." : "`renditions setup` makes it, in production with --platform."
    }

    func findings() async throws -> [Finding] {
        guard let table = try await dynamo.describe(shape.name) else {
            return [bad("isn't there", "\(remedy) Or check \(shape.setting), AWS_REGION and the account.")]
        }
        guard table.keySchema == shape.keys else {
            return [
                bad(
                    "its key is \(table.keySchema.words) and should be \(shape.keys.words)",
                    "It is another table: name the right one with \(shape.setting).")
            ]
        }
        guard table.tableStatus == "ACTIVE" || table.tableStatus == "UPDATING" else {
            return [
                bad("its state is \(table.tableStatus)", "Wait until DynamoDB is done with it, or see its console.")
            ]
        }
        var findings = (shape.indexes + shape.additions).compactMap { finding(on: $0, table) }
        if needsStream, !table.hasStream || table.latestStreamArn == nil {
            findings.append(
                bad(
                    "its stream is off, and RENDITIONS_FEED is streams",
                    "`renditions setup` with RENDITIONS_FEED=streams turns it on."))
        }
        guard findings.isEmpty else { return findings }
        let indexes = (shape.indexes + shape.additions).map(\.indexName).joined(separator: ", ")
        let stream = needsStream ? ", its stream on" : ""
        return [Finding(.storage, .good, subject, "is there, with \(indexes)\(stream)")]
    }

    private func finding(on index: DynamoDB.Index, _ table: DynamoDB.Table) -> Finding? {
        let name = index.indexName
        guard let present = table.globalSecondaryIndexes?.first(where: { $0.indexName == name }) else {
            // An index of another's isn't made over its table's head.
            let isQueue = name == JobAttribute.dueIndex
            return bad(
                "has no index \(name) on \(index.keySchema.words)",
                isQueue
                    ? "It isn't the queue: name another table with \(shape.setting), and `renditions setup` makes it."
                    : shape.additions.contains(index)
                        ? "`renditions setup` adds it." : remedy.replacing("makes", with: "adds"))
        }
        guard present.keySchema == index.keySchema else {
            return bad(
                "its index \(name) is on \(present.keySchema.words) and should be on \(index.keySchema.words)",
                "Remove that index when nothing else asks it; then `renditions setup` makes the right one.")
        }
        if present.backfilling == true || present.indexStatus == "CREATING" {
            return Finding(
                .storage, .warning, subject,
                "its index \(name) is still being filled; photos are found when it is full",
                remedy: "Wait. `renditions setup` returns when it is full.")
        }
        guard present.indexStatus == nil || present.indexStatus == "ACTIVE" || present.indexStatus == "UPDATING" else {
            return bad("its index \(name) is \(present.indexStatus ?? "")", remedy.replacing("makes", with: "adds"))
        }
        return nil
    }

    private func bad(_ text: String, _ remedy: String) -> Finding {
        Finding(.storage, .bad, subject, text, remedy: remedy)
    }
}
