import RenditionTestKit

/// Requests that curl signs, so that a client of other makers checks the servers and the proxy.
struct Curl {
    let endpoint: String
    let keyID: String
    let secret: String

    init(_ endpoint: String, _ keyID: String, _ secret: String) {
        self.endpoint = endpoint
        self.keyID = keyID
        self.secret = secret
    }

    init(_ emulator: Emulator, through proxy: FaultProxy? = nil) {
        self.init(proxy?.endpoint ?? emulator.endpoint, emulator.accessKeyID, emulator.secretAccessKey)
    }

    struct Answer: Equatable {
        /// curl's own: 0, or 52 for an empty reply, 18 for a body that broke off, 28 for one that didn't come in time.
        var exit: Int32
        var status: Int
        var body: String
    }

    func s3(_ method: String, _ path: String, _ more: [String] = []) async throws -> Answer {
        let verb = method == "HEAD" ? ["--head"] : ["--request", method]
        // curl doesn't send the hash of a body that it signs, and a server can't tell.
        let headers = ["x-amz-content-sha256: UNSIGNED-PAYLOAD", "Content-Type: application/octet-stream"]
        return try await run("s3", verb + headers.flatMap { ["--header", $0] } + more, path)
    }

    func put(_ path: String, _ body: String) async throws -> Answer {
        try await s3("PUT", path, ["--data-binary", body])
    }

    func dynamoDB(_ operation: String, _ body: String) async throws -> Answer {
        let headers = ["Content-Type: application/x-amz-json-1.0", "X-Amz-Target: DynamoDB_20120810.\(operation)"]
        return try await run("dynamodb", headers.flatMap { ["--header", $0] } + ["--data-binary", body], "/")
    }

    private func run(_ service: String, _ arguments: [String], _ path: String) async throws -> Answer {
        let signing = ["--aws-sigv4", "aws:amz:us-east-1:\(service)", "--user", "\(keyID):\(secret)"]
        let result = try await Command.run(
            "curl",
            ["--silent", "--max-time", "20", "--write-out", "\n%{http_code}"] + signing + arguments
                + ["\(endpoint)\(path)"])
        let end = result.output.lastIndex(of: "\n") ?? result.output.startIndex
        return Answer(
            exit: result.status, status: Int(result.output[end...].dropFirst()) ?? 0,
            body: String(result.output[..<end]))
    }
}
