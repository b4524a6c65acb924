import Foundation
import RenditionTestKit
import Synchronization

/// Which actions of IAM the requests that pass a proxy ask for, and on what.
///
/// Source: Service Authorization Reference, "Actions, resources, and condition keys" of Amazon S3, Amazon
/// DynamoDB and Amazon SES.
final class AskedActions: Sendable {
    struct Action: Hashable, CustomStringConvertible {
        var name: String
        var resource: String
        var description: String { "\(name) on \(resource)" }
    }

    private struct State {
        var asked: Set<Action> = []
        var unknown: Set<String> = []
        var stream = ""
    }

    private let state = Mutex(State())

    /// Listens to a proxy from now on.
    init(_ proxy: FaultProxy) {
        proxy.onRequest { [self] seen in
            note(seen)
            return .pass
        }
    }

    var asked: Set<Action> { state.withLock(\.asked) }

    /// Requests of which it can't be told what they need.
    var unknown: Set<String> { state.withLock(\.unknown) }

    private func note(_ seen: FaultProxy.Seen) {
        let parts = seen.name.split(separator: ".", maxSplits: 1).map(String.init)
        switch parts[0] {
        // Whoever has a key may ask whose it is.
        case "STS": return
        case "S3": noteObject(seen)
        case "SES":
            let source = URLComponents(string: "?\(seen.body)")?.queryItems?.first { $0.name == "Source" }?.value
            add("ses:\(parts[1])", "arn:aws:ses:us-east-1:000000000000:identity/\(source ?? "")")
        case "DynamoDB", "DynamoDBStreams":
            let body = try? JSONSerialization.jsonObject(with: Data(seen.body.utf8)) as? [String: Any]
            for resource in resources(body ?? [:], parts[1]) {
                add("dynamodb:\(parts[1])", "arn:aws:dynamodb:us-east-1:000000000000:\(resource)")
            }
        default: state.withLock { _ = $0.unknown.insert("\(seen.name) \(seen.path)") }
        }
    }

    private func resources(_ body: [String: Any], _ operation: String) -> [String] {
        if let table = body["TableName"] as? String {
            return [
                ["table", table, (body["IndexName"] as? String).map { "index/\($0)" }].compactMap(\.self).joined(
                    separator: "/")
            ]
        }
        if let items = body["RequestItems"] as? [String: Any] { return items.keys.map { "table/\($0)" } }
        // An iterator doesn't tell whose it is; it was asked for right before.
        let stream = (body["StreamArn"] as? String)?.split(separator: ":", maxSplits: 5).last.map(String.init)
        return state.withLock { state in
            if let stream { state.stream = stream }
            if stream == nil, operation != "GetRecords" { state.unknown.insert("DynamoDB \(operation)") }
            return [state.stream]
        }
    }

    private func noteObject(_ seen: FaultProxy.Seen) {
        let parts = seen.path.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let path = String((parts.first ?? "").drop { $0 == "/" })
        let query = (parts.count > 1 ? parts[1] : "").split(separator: "&").map { $0.prefix { $0 != "=" } }
        let isBucket = !path.contains("/")
        let known: Set<Substring> = [
            "list-type", "prefix", "max-keys", "continuation-token", "start-after", "encoding-type",
        ]
        let name: String? =
            switch (seen.method, isBucket) {
            case ("GET", true) where query.contains("list-type") && known.isSuperset(of: query): "s3:ListBucket"
            case ("GET", false) where query.isEmpty, ("HEAD", false) where query.isEmpty: "s3:GetObject"
            case ("PUT", false) where query.isEmpty: "s3:PutObject"
            case ("DELETE", false) where query.isEmpty: "s3:DeleteObject"
            default: nil
            }
        if let name {
            add(name, "arn:aws:s3:::\(path.removingPercentEncoding ?? path)")
        } else {
            state.withLock { _ = $0.unknown.insert("\(seen.name) \(seen.path)") }
        }
    }

    private func add(_ name: String, _ resource: String) {
        state.withLock { _ = $0.asked.insert(Action(name: name, resource: resource)) }
    }
}
