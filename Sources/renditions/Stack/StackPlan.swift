import Foundation
import RenditionAWS

/// The platform's whole stack on one machine: which parts, in which order, on which ports.
struct StackPlan: Sendable {
    /// Ports of this machine. The defaults are the platform's own.
    struct Ports: Sendable {
        var aws = 4566
        var api = 5001
        var page = 5173
        var status = 9090

        /// Each with the flag that changes it.
        var all: [(flag: String, port: Int)] {
            [("--aws-port", aws), ("--api-port", api), ("--page-port", page), ("--status-port", status)]
        }
    }

    let ports: Ports
    let folder: StackFolder
    /// A Python that MiniStack is installed for.
    let python: String
    /// This program.
    let program: String
    /// What surrounds the stack; parts inherit it.
    let surroundings: [String: String]

    var endpoint: String { "http://localhost:\(ports.aws)" }
    var page: String { "http://localhost:\(ports.page)/" }
    var api: String { "http://localhost:\(ports.api)" }
    var status: String { "http://localhost:\(ports.status)/" }
    /// Where mail shows that photographers would have got.
    var mail: String { endpoint + MiniStack.mailPath }

    /// The emulator.
    ///
    /// - Parameter mark: Tells it from another that was quicker to take the port.
    func emulator(mark: String) -> StackPart {
        let own = MiniStack.environment(port: ports.aws, folder: folder.path, mark: mark)
        return StackPart(
            name: "aws", program: python, arguments: MiniStack.arguments,
            environment: ["PATH": surroundings["PATH"] ?? "/usr/bin:/bin", "LOG_LEVEL": "WARNING"].merging(own) { $1 },
            readiness: .answers(url: "http://127.0.0.1:\(ports.aws)\(MiniStack.healthPath)", holding: mark),
            // It writes its tables down when it ends.
            directory: folder.path, grace: .seconds(60))
    }

    /// Everything after it, in order.
    ///
    /// - Parameter key: Of a user of the emulator's.
    func others(_ key: Credentials) -> [StackPart] {
        let environment = environment(key)
        func part(
            _ name: String, _ arguments: [String], _ readiness: StackPart.Readiness, grace: Duration = .seconds(20)
        )
            -> StackPart
        {
            StackPart(
                name: name, program: program, arguments: arguments, environment: environment, readiness: readiness,
                directory: folder.path, grace: grace)
        }
        func answer(_ port: Int, _ path: String) -> StackPart.Readiness {
            .answers(url: "http://127.0.0.1:\(port)\(path)", holding: "")
        }
        return [
            part("setup", ["setup", "--store", "aws"], .ends),
            part(
                "worker", ["worker", "--store", "aws", "--http", "127.0.0.1:\(ports.status)"],
                answer(ports.status, "/ready"), grace: .seconds(40)),
            part(
                "api", ["devserver", "--store", "aws", "--api", "127.0.0.1:\(ports.api)", "--page", "none"],
                answer(ports.api, "/health")),
            part(
                "page",
                [
                    "devserver", "--store", "aws", "--api", "none", "--page", "127.0.0.1:\(ports.page)", "--api-url",
                    api,
                ], answer(ports.page, "/health")),
        ]
    }

    /// What points every part to the emulator, whatever the surroundings say of AWS. Files of settings are no part of them:
    /// the parts run in the stack's folder.
    private func environment(_ key: Credentials) -> [String: String] {
        let pointers: Set = [
            "CDN_DOMAIN", "RENDITIONS_CONFIG", "RENDITIONS_PUBLIC_ENDPOINT", "RENDITIONS_S3_ADDRESSING",
        ]
        let strangers = surroundings.filter { name, _ in !name.hasPrefix("AWS_") && !pointers.contains(name) }
        // The emulator's SES takes mail and sends it to nobody.
        let mail = ["FROM_EMAIL": "galleries@example.com", "RENDITIONS_MAIL_AFTER": "10"]
        return mail.merging(strangers) { $1 }.merging([
            "AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": key.accessKeyID,
            "AWS_SECRET_ACCESS_KEY": key.secretAccessKey, "AWS_EC2_METADATA_DISABLED": "true", "ENVIRONMENT": "local",
            "FRONTEND_URL": "http://localhost:\(ports.page)", "RENDITIONS_LOG_FORMAT": "human",
        ]) { $1 }
    }
}
