import Foundation
import NIOHTTP1
import RenditionCore

/// How MiniStack is started and asked, the emulator that plays S3, DynamoDB, SES and IAM on one port of this machine.
package enum MiniStack {
    /// Arguments for the Python that it is installed in.
    package static let arguments = ["-m", "ministack"]
    /// Answers 200 once it is ready.
    package static let healthPath = "/_localstack/health"
    /// Where mail shows that was handed to SES.
    package static let mailPath = "/_ministack/ses/messages"

    /// The folders that it needs inside its own.
    package static let folders = ["temporary", "state", "objects"]

    /// What it needs to know.
    ///
    /// - Parameters:
    ///   - folder: For its data, which survive an end in order.
    ///   - mark: Stands in its answer about its health, to tell it from another that was quicker to take the port.
    package static func environment(port: Int, folder: String, mark: String) -> [String: String] {
        [
            "HOME": folder, "TMPDIR": "\(folder)/temporary", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": String(port),
            "AUTH": "true", "PERSIST_STATE": "1", "STATE_DIR": "\(folder)/state", "S3_PERSIST": "1",
            "S3_DATA_DIR": "\(folder)/objects", "MINISTACK_EDITION": mark,
        ]
    }

    /// A policy of IAM that allows everything.
    ///
    /// - Parameter exception: A further statement.
    package static func everything(except exception: String? = nil) -> String {
        let all = #"{"Effect":"Allow","Action":"*","Resource":"*"}"#
        let statements = [all, exception].compactMap(\.self).joined(separator: ",")
        return #"{"Version":"2012-10-17","Statement":[\#(statements)]}"#
    }

    /// Makes a user, and a key for it. The root's key would do too, but nobody checks what it signs.
    ///
    /// - Parameters:
    ///   - name: Of no user that is there.
    ///   - policy: What the user may do, as JSON.
    /// - Throws: ``AWSFailure``, ``TransportError``.
    package static func makeUser(
        named name: String, policy: String = everything(), at endpoint: Endpoint, over transport: any Transport
    ) async throws -> Credentials {
        let policy = PercentEncoding.strict(policy)
        func ask(_ action: String, _ parameters: String = "") async throws -> XMLElement {
            let body = "Action=\(action)&Version=2010-05-08&UserName=\(PercentEncoding.strict(name))\(parameters)"
            let headers: HTTPHeaders = [
                "host": endpoint.authority, "content-type": "application/x-www-form-urlencoded",
                "authorization": "AWS4-HMAC-SHA256 Credential=test/20250101/us-east-1/iam/aws4_request, "
                    + "SignedHeaders=host, Signature=none",
            ]
            let response = try await transport.send(
                WireRequest(.POST, endpoint, headers: headers, body: .bytes(Array(body.utf8))), limit: 1 << 20,
                deadline: .seconds(20))
            guard response.isSuccess else {
                throw AWSFailure(
                    call: "IAM \(action)", subject: name, status: response.status, code: String(response.status),
                    message: String(decoding: response.body.prefix(500), as: UTF8.self), kind: .final)
            }
            return try XMLDocument(response.body).root
        }
        _ = try await ask("CreateUser")
        _ = try await ask("PutUserPolicy", "&PolicyName=all&PolicyDocument=\(policy)")
        let key = try await ask("CreateAccessKey")["CreateAccessKeyResult"]?["AccessKey"]
        guard let id = key?["AccessKeyId"]?.text, let secret = key?["SecretAccessKey"]?.text else {
            throw AWSFailure(
                call: "IAM CreateAccessKey", subject: name, code: "UnreadableAnswer", message: "no key", kind: .final)
        }
        return Credentials(accessKeyID: id, secretAccessKey: secret)
    }
}
