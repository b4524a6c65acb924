import Foundation
import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

@testable import renditions

/// The stack in containers, as far as its file tells without an engine.
@Suite("compose.yaml", .timeLimit(.minutes(5)))
struct ComposeTests {
    private static let local: Set = ["localstack", "setup", "renditions", "backend", "frontend"]

    /// Compose's own schema refuses what it doesn't know, so that its silence means something.
    @Test func composeAcceptsIt() async throws {
        let folder = TestFolder()
        let text = try String(contentsOfFile: ComposeFile.path, encoding: .utf8)
        #expect(try await ComposeFile.config(ComposeFile.path).status == 0)
        let wrong = try folder.write("wrong.yaml", Array(text.replacing("healthcheck:", with: "healthchek:").utf8))
        let refused = try await ComposeFile.config(wrong)
        #expect(refused.status != 0 && refused.errors.contains("healthchek"), "\(refused.errors)")
    }

    /// The platform's names and ports, on this machine alone.
    @Test func namesPortsAndNetworkAreThePlatforms() async throws {
        let file = try await ComposeFile()
        let places = [
            "localstack": ("galerly-localstack", "127.0.0.1:4566:4566/tcp"),
            "backend": ("galerly-backend-local", "127.0.0.1:5001:5001/tcp"),
            "frontend": ("galerly-frontend-local", "127.0.0.1:5173:5173/tcp"),
            "renditions": ("galerly-renditions-local", "127.0.0.1:9090:9090/tcp"),
        ]
        for (name, place) in places {
            let service = try #require(file.services[name])
            #expect(service.text("container_name") == place.0)
            #expect(service.list("ports") == [place.1])
        }
        let networks = try #require(file.root["networks"] as? [String: [String: Any]])
        #expect(networks.compactMapValues { $0["name"] as? String } == ["galerly-local": "galerly-local"])
        for (name, service) in file.services {
            #expect((service.value["networks"] as? [String: Any])?.keys.sorted() == ["galerly-local"], "\(name)")
        }
        #expect(file.services["localstack"]?.list("volumes") == ["localstack-data:/var/lib/localstack:rw"])
        #expect((file.root["volumes"] as? [String: Any])?.keys.contains("localstack-data") == true)
    }

    /// The order of the platform's own start-up.
    @Test func eachWaitsUntilWhatItNeedsIsWell() async throws {
        let services = try await ComposeFile().services
        #expect(services["setup"]?.dependencies == ["localstack": "service_healthy"])
        #expect(services["renditions"]?.dependencies == ["setup": "service_completed_successfully"])
        #expect(services["backend"]?.dependencies == ["setup": "service_completed_successfully"])
        #expect(services["frontend"]?.dependencies == ["backend": "service_healthy"])
        for (name, service) in services where name != "setup" {
            #expect(service.healthCheck.first == "CMD", "\(name) has a health check")
            #expect(service.healthCheck.contains("renditions") == service.isOurs)
        }
        // One that ends by itself is neither well nor started again.
        let setup = try #require(services["setup"])
        #expect(setup.healthCheck == ["NONE"] && setup.text("restart") == "no")
        // Whoever listens is asked where it listens.
        #expect(services["backend"]?.healthCheck.last == "http://127.0.0.1:5001")
        #expect(services["backend"]?.list("command").contains("0.0.0.0:5001") == true)
        #expect(services["frontend"]?.healthCheck.last == "http://127.0.0.1:5173")
        #expect(services["frontend"]?.list("command").contains("0.0.0.0:5173") == true)
    }

    @Test func oursHaveNoRightsAndNoFilesToWrite() async throws {
        let ours = try await ComposeFile().services.filter(\.value.isOurs)
        #expect(ours.count == 5)
        for (name, service) in ours {
            #expect(service.value["read_only"] as? Bool == true, "\(name)")
            #expect(service.list("cap_drop") == ["ALL"], "\(name)")
            #expect(service.list("security_opt") == ["no-new-privileges:true"], "\(name)")
            #expect(service.value["privileged"] == nil && service.value["cap_add"] == nil, "\(name)")
            #expect(service.list("tmpfs").allSatisfy { $0.hasPrefix("/tmp:size=") }, "\(name)")
            #expect(service.list("tmpfs").count == 1, "\(name)")
        }
    }

    /// Two cores and 4 GB hold whatever runs at once. `setup` has ended before what waits for it starts.
    @Test func twoCoresAndFourGigabytesHoldItAll() async throws {
        let file = try await ComposeFile()
        for together in [Self.local.subtracting(["setup"]), ["localstack", "setup"], ["renditions-aws"]] {
            let services = try together.map { try #require(file.services[$0]) }
            let cores = try services.map { try #require($0.cores) }
            let memory = try services.map { try #require($0.memory) }
            #expect(cores.reduce(0, +) <= 2.0001, "\(together.sorted()): \(cores)")
            #expect(memory.reduce(0, +) <= 4096, "\(together.sorted()): \(memory)")
        }
    }

    /// Compose builds side by side, and the second that writes the same name fails.
    @Test func eachImageIsBuiltOnce() async throws {
        let file = try await ComposeFile()
        let builders = file.services.filter { $0.value.value["build"] != nil }
        #expect(builders.keys.sorted() == ["renditions-aws", "setup"])
        let images = builders.values.compactMap { $0.text("image") }
        #expect(Set(images).count == builders.count, "\(images)")
        for (name, service) in file.services where service.isOurs {
            #expect(images.contains(service.text("image") ?? ""), "\(name)")
            #expect(service.text("pull_policy") == "never", "\(name)")
            let all = file.started([name])
            #expect(
                builders.contains { all.contains($0.key) && $0.value.text("image") == service.text("image") },
                "\(name) waits for its image")
        }
    }

    /// `--profile aws up` without a name starts both.
    @Test func bothStacksHaveRoom() async throws {
        let services = try await ComposeFile().services
        let ports = services.values.flatMap { $0.list("ports") }
        #expect(Set(ports.compactMap { $0.split(separator: ":").dropLast().last }).count == ports.count, "\(ports)")
        let names = services.values.compactMap { $0.text("container_name") }
        #expect(Set(names).count == names.count, "\(names)")
    }

    @Test func theAWSProfileStartsNoEmulator() async throws {
        let file = try await ComposeFile(["AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "S3_PHOTOS_BUCKET": "studio-photos"])
        #expect(file.started() == Self.local)
        #expect(file.started(["renditions-aws"], profiles: ["aws"]) == ["renditions-aws"])
        let environment = try #require(file.services["renditions-aws"]?.environment)
        #expect(environment["AWS_ENDPOINT_URL"] == nil)
        #expect(environment["AWS_ACCESS_KEY_ID"] == "AKIDEXAMPLE")
        #expect(environment["S3_PHOTOS_BUCKET"] == "studio-photos")
        #expect(environment["ENVIRONMENT"] == "production")
        // The local stack's keys are the emulator's, whatever the environment holds.
        #expect(file.services["renditions"]?.environment["AWS_ACCESS_KEY_ID"] == "test")
        #expect(file.services["renditions"]?.environment["S3_PHOTOS_BUCKET"] == "galerly-photos-local")
    }

    /// What an operator says in `.env` is said to the worker: what `RENDITIONS_METADATA=none` forbids isn't published.
    @Test func whatAWorkerGoesByReachesIt() async throws {
        // Fixed, since the container's limits, port and place follow from them, or names of files outside of it.
        let fixed: Set = [
            "RENDITIONS_STORE", "RENDITIONS_THREADS", "RENDITIONS_MEMORY_MB", "RENDITIONS_RENDER_MEMORY_MB",
            "RENDITIONS_HTTP", "RENDITIONS_CONFIG", "AWS_PROFILE", "AWS_ENDPOINT_URL",
        ]
        // What in the local stack is the emulator's, or the stack's own page.
        func stacks(_ name: String) -> Bool {
            ["AWS_", "DYNAMODB_", "S3_"].contains { name.hasPrefix($0) }
                || ["RENDITIONS_PUBLIC_ENDPOINT", "RENDITIONS_S3_ADDRESSING", "CDN_DOMAIN", "FRONTEND_URL"].contains(
                    name)
        }
        let names = Setting.all.filter { $0.uptake != .none && !fixed.contains($0.name) }.map(\.name)
        let given = Dictionary(uniqueKeysWithValues: Setting.all.map { ($0.name, "said-\($0.name)") })
        let services = try await ComposeFile(given).services
        let distant = try #require(services["renditions-aws"]?.environment)
        for name in names { #expect(distant[name] == given[name], "\(name)") }
        for name in fixed { #expect(distant[name] != given[name], "\(name)") }
        let local = try #require(services["renditions"]?.environment)
        for name in names where !stacks(name) { #expect(local[name] == given[name], "\(name)") }
        for name in names where stacks(name) { #expect(local[name] != given[name], "\(name)") }
        // Without the addresses and streams that they ask for, mails would be refused and the feed be silent.
        for setting in [Setting.fromEmail, .feed] {
            let said = services["setup"]?.environment[setting.name]
            #expect(said == given[setting.name] && said == local[setting.name], "\(setting.name)")
        }
    }

    /// The worker refuses to start where a name with its prefix is no setting, also one that stands in `.env` for Compose.
    @Test func noVariableIsTakenForASetting() throws {
        let variables = try ComposeFile.variables()
        #expect(variables.contains("LOCALSTACK_IMAGE"))
        let odd = variables.filter { $0.hasPrefix(Setting.prefix) && Setting.named($0) == nil }
        #expect(odd.isEmpty, "\(odd.sorted())")
    }

    /// What the file sets is set, fits its limits, and sends browsers where they can go.
    @Test(arguments: ["setup", "renditions", "backend", "frontend", "renditions-aws"])
    func itsSettingsCount(_ name: String) async throws {
        let service = try #require(try await ComposeFile().services[name])
        let settings = try Settings(SettingSources([.environment(service.environment)]))
        #expect(settings.store == .aws)
        if name != "renditions-aws" {
            #expect(settings.publicEndpoint == "http://localhost:4566")
            #expect(try settings.aws().endpoint?.text == "http://localstack:4566")
        }
        guard service.list("command") == ["worker"] else { return }
        let findings = MemoryLook.findings(
            physical: 64 << 30, group: try #require(service.memory) << 20, threads: settings.integer(.threads),
            budget: settings.memoryBudget, renderMemory: settings.integer(.renderMemory) << 20)
        #expect(findings.map(\.verdict) == [.good], "\(findings)")
        let grace = try #require(service.text("stop_grace_period").flatMap { Int($0.dropLast()) })
        #expect(grace > settings.integer(.grace), "photos in hand may finish")
        #expect(settings.given(.http) == "0.0.0.0:9090", "the image's health check asks there")
    }
}
