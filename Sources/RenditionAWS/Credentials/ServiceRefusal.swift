import Foundation

/// What a service says of a request it refused.
struct ServiceRefusal {
    let status: Int
    /// A word such as `AccessDenied`.
    let code: String?
    private let message: String?

    init(_ response: WireResponse) {
        status = response.status
        let told = Self.read(response.body)
        code = told?.code
        message = told?.message
    }

    /// One line such as `AccessDenied (HTTP 403): not authorized`.
    ///
    /// - Parameter secrets: What the request held.
    func words(hiding secrets: [String]) -> String {
        let filter = SecretFilter(secrets)
        let head = code.map { "\(filter.line($0)) (HTTP \(status))" } ?? "HTTP \(status)"
        return message.map { "\(head): \(filter.line($0))" } ?? head
    }

    /// STS answers XML, the others JSON whose names are written either way.
    private static func read(_ body: [UInt8]) -> (code: String?, message: String?)? {
        if body.first == UInt8(ascii: "<") {
            guard let root = try? XMLDocument(body).root else { return nil }
            let error = root["Error"] ?? root
            return (error["Code"]?.text, error["Message"]?.text)
        }
        guard let object = try? JSONSerialization.jsonObject(with: Data(body)) as? [String: Any] else { return nil }
        return (
            (object["code"] ?? object["Code"] ?? object["__type"]) as? String,
            (object["message"] ?? object["Message"]) as? String
        )
    }
}
