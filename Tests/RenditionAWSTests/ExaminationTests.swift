import Logging
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Synchronization
import Testing

/// What the emulator never does, and AWS does: answers that the doctor and setup must understand.
@Suite("Examinations", .timeLimit(.minutes(5)))
struct ExaminationTests {
    private func examine(
        _ services: ProxiedServices, cdn: String? = nil, environment: [String: String] = [:]
    ) async throws -> [Finding] {
        var configuration = services.platform.configuration(endpoint: services.proxy.endpoint)
        configuration.environment.merge(environment) { $1 }
        let findings = Mutex<[Finding]>([])
        try await AWSExamination(
            configuration, frontend: "http://localhost:5173", cdn: cdn, logger: LogMemory().logger
        ).run { finding in findings.withLock { $0.append(finding) } }
        return findings.withLock { $0 }
    }

    private func setup(_ services: ProxiedServices, _ plan: SetupPlan? = nil) async throws -> [String] {
        let told = Mutex<[String]>([])
        try await AWSSetup(
            services.platform.configuration(endpoint: services.proxy.endpoint),
            plan ?? SetupPlan(includesPlatform: true, frontend: "http://localhost:5173"), logger: LogMemory().logger
        ).run { line in told.withLock { $0.append(line) } }
        return told.withLock { $0 }
    }

    @Test func anIndexThatIsStillBeingFilledIsToldAsSuch() async throws {
        let services = try await ProxiedServices.make()
        _ = try await setup(services)
        let photos = services.platform.tables.photos
        services.proxy.onRequest { seen in
            guard seen.target == "DescribeTable", seen.body.contains(photos) else { return .pass }
            return .answer(
                status: 200, headers: ["content-type": "application/x-amz-json-1.0"], body: Self.filling(photos))
        }
        let finding = try await examine(services).first { $0.subject == "table \(photos)" }
        #expect(finding?.verdict == .warning)
        #expect(finding?.text.contains("StatusIndex is still being filled") == true, "\(String(describing: finding))")
        await services.close()
    }

    private static func filling(_ table: String) -> String {
        func index(_ name: String, _ keys: String, more: String = "") -> String {
            #"{"IndexName":"\#(name)","IndexStatus":"ACTIVE","KeySchema":[\#(keys)],"#
                + #""Projection":{"ProjectionType":"ALL"}\#(more)}"#
        }
        func key(_ name: String, _ role: String = "HASH") -> String {
            #"{"AttributeName":"\#(name)","KeyType":"\#(role)"}"#
        }
        let indexes = [
            index("GalleryIdIndex", key("gallery_id")), index("UserIdIndex", key("user_id")),
            index("StatusIndex", "\(key("status")),\(key("created_at", "RANGE"))", more: #","Backfilling":true"#),
        ]
        return #"{"Table":{"TableName":"\#(table)","TableStatus":"ACTIVE","AttributeDefinitions":[],"#
            + #""KeySchema":[\#(key("id"))],"GlobalSecondaryIndexes":[\#(indexes.joined(separator: ","))]}}"#
    }

    @Test func expiredCredentialsAreToldAsSuchAndNoSecretIs() async throws {
        let services = try await ProxiedServices.make()
        services.proxy.onRequest { seen in
            guard seen.body.contains("GetCallerIdentity") else { return .pass }
            return .answer(
                status: 403, headers: ["content-type": "text/xml"],
                body: "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>no</Message></Error></ErrorResponse>")
        }
        let token = "a-token-that-nobody-should-see"
        let findings = try await examine(services, environment: ["AWS_SESSION_TOKEN": token])
        let credentials = findings.first { $0.subject == "credentials" }
        #expect(credentials?.verdict == .bad)
        #expect(credentials?.text.contains("have expired") == true, "\(String(describing: credentials))")
        #expect(credentials?.remedy == "Renew them.")
        #expect(!"\(findings)".contains(token))
        #expect(!"\(findings)".contains(services.platform.emulator.secretAccessKey))
        await services.close()
    }

    @Test func renditionsBehindACDNAreAskedForThere() async throws {
        let services = try await ProxiedServices.make()
        _ = try await setup(
            services, SetupPlan(includesPlatform: true, frontend: "http://localhost:5173", hasCDN: true))
        _ = try await services.objects.put(
            ObjectUpload(key: "renditions/g/a_small.jpg", body: .bytes([1]), contentType: "image/jpeg"),
            in: .renditions, if: .none)
        let finding = try await examine(services, cdn: "127.0.0.1:9").first {
            $0.subject.contains("https://127.0.0.1:9")
        }
        #expect(finding?.verdict == .bad)
        #expect(finding?.remedy?.contains("CDN_DOMAIN") == true, "\(String(describing: finding))")
        await services.close()
    }

    /// Servers that answer every preflight, and say in the headers alone what they allow: what a browser goes by.
    @Test(arguments: [
        ("OPTIONS", nil), ("OPTIONS", "http://other.example"), ("GET", nil), ("GET", "http://other.example"),
    ])
    func whatABrowserWouldRefuseIsRefused(_ method: String, _ origin: String?) async throws {
        let services = try await ProxiedServices.make()
        _ = try await setup(services)
        let bucket = services.platform.buckets.renditions
        let headers = origin.map { ["access-control-allow-origin": $0] } ?? [:]
        services.fail(
            of: { $0.method == method && $0.path.hasPrefix("/\(bucket)/renditions/") },
            with: .answer(status: 200, headers: headers.merging(["access-control-allow-methods": "*"]) { $1 }))
        let finding = try await examine(services).first { $0.subject == "CORS of \(bucket)" }
        #expect(finding?.verdict == .bad)
        #expect(finding?.text.contains("may not GET") == true, "\(String(describing: finding))")
        await services.close()
    }

    @Test func anothersSetupIsWaitedFor() async throws {
        let services = try await ProxiedServices.make()
        // The table is being changed by somebody else, as DynamoDB says then.
        let busy = Remaining(2)
        services.proxy.onRequest { seen in
            guard seen.target == "UpdateTable", busy.take() else { return .pass }
            return .dynamo(400, "ResourceInUseException")
        }
        let told = try await setup(services)
        #expect(told.last == "the index StatusIndex is ready")
        #expect(!busy.take())
        await services.close()
    }

    @Test func anAccountThatKeepsBucketsPrivateIsToldAsSuch() async throws {
        let services = try await ProxiedServices.make()
        services.fail(
            of: { $0.method == "PUT" && $0.path.contains("policy") },
            with: .s3(
                403, "AccessDenied",
                "User: u is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the "
                    + "BlockPublicPolicy setting in S3 Block Public Access."))
        let error = await #expect(throws: RenditionError.self) { _ = try await setup(services) }
        #expect(error?.code == "kept_private")
        #expect(error?.message.contains("CDN_DOMAIN") == true)
        await services.close()
    }
}
