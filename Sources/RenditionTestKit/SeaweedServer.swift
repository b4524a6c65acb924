import Foundation

/// A SeaweedFS of one's own: S3 of other makers than ``Emulator``, on the loopback interface.
///
/// It refuses requests that aren't signed with its key. `scripts/emulators` installs it.
package final class SeaweedServer: Sendable {
    private let folder: TestFolder
    private let port: Int
    private let leash: Leash
    package var accessKeyID: String { Self.keyID }
    package let secretAccessKey: String

    private init(_ folder: TestFolder, port: Int, secret: String, leash: Leash) {
        self.folder = folder
        self.port = port
        self.leash = leash
        secretAccessKey = secret
    }

    private static let keyID = "AKIASEAWEEDTESTS"
    private static let running = Task { try await SeaweedServer.start(folder: TestFolder()) }

    /// The one that all tests of a process share, started when the first asks for it. It ends with the process.
    package static func shared() async throws -> SeaweedServer { try await running.value }

    /// Starts a server with nothing in it.
    ///
    /// - Parameter folder: For its data and its log, and for nothing else: it is removed with the server.
    package static func start(folder: TestFolder) async throws -> SeaweedServer {
        try await Emulator.retrying {
            let ports = try FreePort.choose(8)
            let secret = UUID().uuidString
            try folder.write("identities.json", Array(identities(secret).utf8))
            let leash = try launch(folder, ports: ports)
            let server = SeaweedServer(folder, port: ports[0], secret: secret, leash: leash)
            try await server.isReady()
            return server
        }
    }

    package var endpoint: String { "http://127.0.0.1:\(port)" }

    /// What a process needs to keep its objects here.
    package var environment: [String: String] {
        [
            "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ACCESS_KEY_ID": accessKeyID, "AWS_SECRET_ACCESS_KEY": secretAccessKey,
        ]
    }

    /// Ends it for good.
    package func stop() async { await leash.stop() }
}

extension SeaweedServer {
    /// Ends by being killed, since its orderly end takes a quarter of a minute; what it has answered is written by then.
    private static func launch(_ folder: TestFolder, ports: [Int]) throws -> Leash {
        // What an attempt with other ports has left would not fit.
        try? FileManager.default.removeItem(atPath: folder.path("data"))
        try FileManager.default.createDirectory(atPath: folder.path("data"), withIntermediateDirectories: true)
        let options =
            [
                "ip=127.0.0.1", "ip.bind=127.0.0.1", "dir=\(folder.path("data"))",
                "s3", "s3.port=\(ports[0])", "s3.port.grpc=\(ports[1])", "s3.localSocket=\(folder.path("s3.sock"))",
                "s3.config=\(folder.path("identities.json"))", "s3.iam=false", "s3.port.iceberg=0", "s3.port.lance=0",
                "s3.autoCreateBucket=false",
                "filer", "filer.port=\(ports[2])", "filer.port.grpc=\(ports[3])",
                "filer.localSocket=\(folder.path("filer.sock"))",
                "master.port=\(ports[4])", "master.port.grpc=\(ports[5])", "master.telemetry=false",
                "master.electionTimeout=1s", "master.volumeSizeLimitMB=64",
                "volume.port=\(ports[6])", "volume.port.grpc=\(ports[7])", "volume.max=0",
            ].map { "-\($0)" }
        // Where these lie can't be chosen.
        let sockets = zip(["s3", "filer", "master", "volume"], [1, 3, 5, 7]).map { part, index in
            "/tmp/seaweedfs-\(part)-grpc-\(ports[index]).sock"
        }
        return try Leash(
            "weed", ["-logtostderr", "server"] + options,
            environment: ["PATH": "/usr/bin:/bin", "HOME": folder.path, "TMPDIR": folder.path],
            folder: folder.path, log: folder.path("log"), ending: "KILL", leftovers: sockets)
    }

    /// With an identity here, whoever has none is refused.
    private static func identities(_ secret: String) -> String {
        """
        {"identities": [{"name": "tests", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
            "credentials": [{"accessKey": "\(keyID)", "secretKey": "\(secret)"}]}]}
        """
    }

    /// Its parts find each other some seconds after it answers, so that it is asked to store something.
    private func isReady() async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            if try await curl(["-X", "PUT", "\(endpoint)/first-bucket", "-d", ""]),
                try await curl(["-X", "PUT", "\(endpoint)/first-bucket/key", "-d", "bytes"])
            {
                break
            }
            let log = folder.path("log")
            if !leash.isRunning {
                throw Emulator.PortTaken(description: ServerFault("SeaweedFS ended", log: log).description)
            }
            if ContinuousClock.now > deadline { throw ServerFault("SeaweedFS doesn't store", log: log) }
            try await Task.sleep(for: .milliseconds(100))
        }
        _ = try await curl(["-X", "DELETE", "\(endpoint)/first-bucket/key"])
        _ = try await curl(["-X", "DELETE", "\(endpoint)/first-bucket"])
    }

    private func curl(_ arguments: [String]) async throws -> Bool {
        let signing = ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", "\(accessKeyID):\(secretAccessKey)"]
        // curl doesn't send the hash of a body that it signs, and a server can't tell.
        let body = ["--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
        let options = ["--silent", "--fail", "--output", "/dev/null", "--max-time", "10"]
        return try await Command.run("curl", options + signing + body + arguments).status == 0
    }
}
