import Foundation
import RenditionTestKit
import Testing

/// What a worker does about files of settings that change while it runs.
@Suite("Settings that change while a worker runs", .timeLimit(.minutes(5)))
struct ReloadTests {
    private let folder = TestFolder()
    private var store: String { "local:\(folder.path("store"))" }

    private func write(_ name: String, _ text: String) throws { try folder.write(name, Array(text.utf8)) }

    /// A worker in the folder, which has begun.
    private func worker(_ arguments: [String] = [], _ environment: [String: String] = [:]) async throws -> Command {
        let settings = ["RENDITIONS_STORE": store, "RENDITIONS_LOG_FORMAT": "human"].merging(environment) { $1 }
        let worker = try Command(
            Renditions.path, ["worker", "--threads", "1"] + arguments, environment: settings, directory: folder.path)
        try await eventually("the worker begins") { worker.errors.contains("photos at once") || !worker.isRunning }
        return worker
    }

    private func hears(_ worker: Command, _ text: String, times: Int = 1) async throws {
        try await eventually("the worker says: \(text)\n\(worker.errors)") {
            worker.errors.components(separatedBy: text).count > times
        }
    }

    /// Has a photo rendered.
    ///
    /// - Returns: The formats that its thumbnail has now.
    private func render() async throws -> [String] {
        let ids = try await Renditions.importing(["\(Corpus.samples.folder)/tiny.jpg"], store)
        let id = try #require(ids.values.first)
        try await eventually("the photo is done") { try await Renditions.show(id, store).state == "done" }
        return formats(of: id)
    }

    private func formats(of id: String) -> [String] {
        folder.files(below: "store/objects").filter { $0.contains(id) && $0.contains("_thumbnail.") }
            .map { String($0.split(separator: ".").last ?? "") }
    }

    /// How a file comes to say something else.
    enum Way: CaseIterable {
        case written, renamed, linked, appears
    }

    @Test(arguments: Way.allCases)
    func aChangeAppliesToTheNextPhoto(_ way: Way) async throws {
        let (old, new) = ("RENDITIONS_RETRY_MS: 1999", "RENDITIONS_FURTHER_FORMATS: thumbnail:webp")
        let file = way == .appears ? ".env" : "renditions.yaml"
        switch way {
        case .written, .renamed: try write(file, old)
        case .appears: break
        case .linked:
            // As Kubernetes mounts a ConfigMap.
            try write("1/renditions.yaml", old)
            try write("2/renditions.yaml", new)
            try FileManager.default.createSymbolicLink(atPath: folder.path("data"), withDestinationPath: "1")
            try FileManager.default.createSymbolicLink(
                atPath: folder.path(file), withDestinationPath: "data/renditions.yaml")
        }
        let worker = try await worker()
        defer { worker.signal(SIGKILL) }
        #expect(try await render() == ["jpg"])
        switch way {
        case .written: try write(file, new)
        case .renamed:
            try write("new", new)
            #expect(rename(folder.path("new"), folder.path(file)) == 0)
        case .linked:
            try FileManager.default.createSymbolicLink(atPath: folder.path("next"), withDestinationPath: "2")
            #expect(rename(folder.path("next"), folder.path("data")) == 0)
        case .appears: try write(file, new.replacing(": t", with: "=t"))
        }
        try await hears(worker, "\(file) was read anew: ")
        try await hears(worker, "RENDITIONS_FURTHER_FORMATS is thumbnail:webp (was unset)")
        #expect(try await render() == ["jpg", "webp"])
    }

    @Test func whatCannotBeIsRefusedWithItsLineAndTheOldStays() async throws {
        try write("renditions.yaml", "RENDITIONS_FURTHER_FORMATS: thumbnail:webp")
        let page = try await page()
        defer { page.process.signal(SIGKILL) }
        #expect(try await page.ask("/metrics").body.contains("renditions_settings_refused 0.0"))
        // What is right in it doesn't count either.
        try write("renditions.yaml", "RENDITIONS_FURTHER_FORMATS: thumbnail:avif\nRENDITIONS_GAMUT: blue\n")
        try await hears(
            page.process,
            #"error: The settings stay as they are: RENDITIONS_GAMUT is "blue" in renditions.yaml:2; it must be one of"#
        )
        #expect(try await page.ask("/metrics").body.contains("renditions_settings_refused 1.0"))
        #expect(try await page.status().description.contains("settingsRefused"))
        #expect(try await render() == ["jpg", "webp"])
        try write("renditions.yaml", "RENDITIONS_FURTHER_FORMATS: thumbnail:avif\nRENDITIONS_GAMUT: p3\n")
        try await hears(page.process, "RENDITIONS_GAMUT is p3 (was srgb)")
        #expect(try await render() == ["avif", "jpg"])
        #expect(try await page.ask("/metrics").body.contains("renditions_settings_refused 0.0"))
        #expect(page.process.errors.components(separatedBy: "stay as they are").count == 2, "it is said once")
    }

    private func page() async throws -> WorkerPage {
        try await WorkerPage(
            ["worker"], ["RENDITIONS_STORE": store, "RENDITIONS_LOG_FORMAT": "human"], in: folder.path)
    }

    /// What would stop the next start, though each value by itself could be.
    @Test func whatTheNextStartWouldRefuseIsRefused() async throws {
        try write("renditions.yaml", "RENDITIONS_RETRY_MS: 1999")
        let worker = try Command(
            Renditions.path, ["worker"], environment: ["RENDITIONS_LOG_FORMAT": "human", "AWS_CONFIG_FILE": "/none"],
            directory: folder.path)
        defer { worker.signal(SIGKILL) }
        try await hears(worker, "photos at once")
        try write("renditions.yaml", "RENDITIONS_STORE: aws\nRENDITIONS_RETRY_MS: 1998")
        try await hears(worker, "error: The settings stay as they are: AWS_REGION is not set")
    }

    /// What is rendered, hashed into the recipe and written into the record is one.
    @Test func aPhotoInHandKeepsTheSettingsItBeganWith() async throws {
        let ids = try await Renditions.importing(["\(Corpus.samples.folder)/DSC_0001.JPG"], store)
        let id = try #require(ids.values.first)
        let worker = try await worker(["--drain"])
        defer { worker.signal(SIGKILL) }
        let child = try await haltedRenderer(of: worker.pid)
        try await eventually("the photo is in hand") { try await Renditions.show(id, store).state == "leased" }
        try write("renditions.yaml", "CDN_DOMAIN: cdn.example\nRENDITIONS_FURTHER_FORMATS: thumbnail:webp")
        worker.signal(SIGHUP)
        try await hears(worker, "CDN_DOMAIN is cdn.example (was unset)")
        // Another one says nothing new, and ends nothing.
        worker.signal(SIGHUP)
        try await hears(worker, "The settings were read anew: nothing changes.")
        kill(child, SIGCONT)
        let result = try await worker.wait()
        #expect(result.status == 0, "\(result.errors)")
        let story = try await Renditions.show(id, store)
        #expect(story.status == "active")
        #expect((story.photo["thumbnail_url"] as? String)?.hasPrefix("http://localhost:5173/") == true)
        #expect(formats(of: id) == ["jpg"])
        let old = try await Renditions.run(["verify", "--all", "--store", store])
        #expect(old.status == 0, "its recipe is that of the old settings: \(old.output)")
    }

    @Test func hangingUpReadsAtOnceAlsoWhatWasRefused() async throws {
        try write("renditions.yaml", "RENDITIONS_GAMUT: blue")
        try FileManager.default.moveItem(atPath: folder.path("renditions.yaml"), toPath: folder.path("later"))
        let worker = try await worker()
        defer { worker.signal(SIGKILL) }
        #expect(rename(folder.path("later"), folder.path("renditions.yaml")) == 0)
        worker.signal(SIGHUP)
        try await hears(worker, "in renditions.yaml:1; it must be one of")
        worker.signal(SIGHUP)
        try await hears(worker, "in renditions.yaml:1; it must be one of", times: 2)
        worker.signal(SIGTERM)
        #expect(try await worker.wait().status == 0)
    }

    /// Whoever reloads all services of a machine at once doesn't look which of them are still starting.
    @Test func hangingUpEndsNoWorkerThatIsStarting() async throws {
        let stage = try await Stage()
        let proxy = try await stage.proxy()
        let valve = Valve()
        valve.close()
        proxy.onRequest { _ in .hold { await valve.pass() } }
        let worker = try stage.worker([], through: proxy)
        // It asks for its store when its settings were read.
        try await eventually("the worker opens its store") { proxy.counts().count > 0 || !worker.isRunning }
        worker.signal(SIGHUP)
        valve.open()
        try await hears(worker, "photos at once")
        worker.signal(SIGTERM)
        #expect(try await worker.wait().status == 0)
    }

    @Test func aRemovedFileLeavesTheDefaults() async throws {
        try write("renditions.yaml", "RENDITIONS_FURTHER_FORMATS: thumbnail:webp")
        let worker = try await worker()
        defer { worker.signal(SIGKILL) }
        #expect(try await render() == ["jpg", "webp"])
        try FileManager.default.removeItem(atPath: folder.path("renditions.yaml"))
        try await hears(
            worker, "renditions.yaml is gone: RENDITIONS_FURTHER_FORMATS is unset (was thumbnail:webp).")
        #expect(try await render() == ["jpg"])
    }

    @Test func aNamedFileThatIsRemovedIsMissedAndFoundAgain() async throws {
        try write("mine.yaml", "RENDITIONS_FURTHER_FORMATS: thumbnail:webp")
        let worker = try await worker(["--config", "mine.yaml"])
        defer { worker.signal(SIGKILL) }
        try FileManager.default.removeItem(atPath: folder.path("mine.yaml"))
        try await hears(
            worker, #"stay as they are: RENDITIONS_CONFIG is "mine.yaml" in --config; there is no such file"#)
        #expect(try await render() == ["jpg", "webp"])
        try write("mine.yaml", "RENDITIONS_FURTHER_FORMATS: thumbnail:avif")
        try await hears(worker, "mine.yaml was read anew: RENDITIONS_FURTHER_FORMATS is thumbnail:avif")
    }

    /// Another file that is named in the middle of things is looked after from then on.
    @Test func dotEnvMayNameAnotherFile() async throws {
        try write("mine.yaml", "RENDITIONS_GAMUT: p3")
        let worker = try await worker()
        defer { worker.signal(SIGKILL) }
        try write(".env", "RENDITIONS_CONFIG=mine.yaml")
        try await hears(worker, ".env, mine.yaml were read anew: RENDITIONS_CONFIG is mine.yaml (was unset), ")
        try await hears(worker, "RENDITIONS_GAMUT is p3 (was srgb)")
        try write("mine.yaml", "RENDITIONS_GAMUT: srgb")
        try await hears(worker, "mine.yaml was read anew: RENDITIONS_GAMUT is srgb (was p3).")
    }

    @Test func flagsAndTheEnvironmentStillGoFirst() async throws {
        let worker = try await worker([], ["RENDITIONS_FURTHER_FORMATS": "thumbnail:webp"])
        defer { worker.signal(SIGKILL) }
        try write("renditions.yaml", "RENDITIONS_FURTHER_FORMATS: thumbnail:avif\nRENDITIONS_THREADS: 7")
        try await hears(worker, "renditions.yaml was read anew: nothing changes.")
        #expect(try await render() == ["jpg", "webp"])
    }

    @Test func whatWaitsForTheNextStartIsToldWithoutSecrets() async throws {
        let worker = try await worker()
        defer { worker.signal(SIGKILL) }
        try write(".env", "RENDITIONS_LEASE_SECONDS=41\nRENDITIONS_HTTP_SECRET=hush\nDJANGO_SECRET=hush\n")
        try await hears(
            worker,
            ".env was read anew: only the next start changes RENDITIONS_LEASE_SECONDS to 41 (is 30), RENDITIONS_HTTP_SECRET."
        )
        #expect(!worker.errors.contains("hush"))
    }

    @Test func theLogFollowsItsLevel() async throws {
        let worker = try await worker()
        defer { worker.signal(SIGKILL) }
        try write("renditions.yaml", "RENDITIONS_LOG_LEVEL: error")
        try await hears(worker, "RENDITIONS_LOG_LEVEL is error (was info)")
        _ = try await render()
        #expect(!worker.errors.contains("Rendered"))
        try write("renditions.yaml", "RENDITIONS_LOG_LEVEL: info")
        try await hears(worker, "RENDITIONS_LOG_LEVEL is info (was error)")
        _ = try await render()
        try await hears(worker, "Rendered")
    }

    /// Who closes the window in which a worker runs has ended it, in order, unless nohup was asked to see to the contrary.
    @Test(arguments: ["", "nohup "])
    func aWorkerEndsWithItsTerminal(_ prefix: String) async throws {
        let ids = try await Renditions.importing(["\(Corpus.samples.folder)/DSC_0001.JPG"], store)
        let id = try #require(ids.values.first)
        let typed = """
            echo $PPID > terminal
            sh -c 'echo $$ > pid; exec \(prefix)\(Renditions.path) worker > out 2> log'

            """
        _ = try folder.write("typed", Array(typed.utf8))
        // What blocks signals here would block them in the shell.
        let script = """
            import os, signal
            signal.pthread_sigmask(signal.SIG_SETMASK, [])
            os.execvp("script", ["script", "-qec", "exec bash --norc -i", "/dev/null"])
            """
        let window = try Command(
            "bash", ["-c", "(cat typed; exec sleep 600) | exec python3 -c \"$1\"", "bash", script],
            environment: ["RENDITIONS_STORE": store], directory: folder.path)
        defer { kill(-window.pid, SIGKILL) }
        func text(_ name: String) -> String {
            String(decoding: FileManager.default.contents(atPath: folder.path(name)) ?? Data(), as: UTF8.self)
        }
        try await eventually("the worker begins") { text("log").contains("photos at once") }
        func number(_ name: String) throws -> Int32 {
            try #require(Int32(text(name).trimmingCharacters(in: .whitespacesAndNewlines)))
        }
        let pid = try number("pid")
        defer { kill(pid, SIGKILL) }
        let child = try await haltedRenderer(of: pid)
        defer { kill(child, SIGKILL) }
        kill(try number("terminal"), SIGKILL)
        if prefix.isEmpty {
            try await eventually("it is told of") { text("log").contains("SIGHUP: finishing what is in hand") }
            // An interactive shell tells its jobs of it, and so does the kernel.
            kill(pid, SIGHUP)
            kill(child, SIGCONT)
            // Where nobody waits for it, it stays as a zombie.
            try await eventually("the worker ends") {
                let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
                return stat.isEmpty || stat.contains(") Z ")
            }
            #expect(!text("log").contains("ending at once"), "\(text("log"))")
            #expect(try await Renditions.show(id, store).status == "active")
        } else {
            try await eventually("the worker reads its settings") { text("log").contains("were read anew") }
        }
    }
}
