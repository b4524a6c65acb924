import Foundation
import RenditionCore
import RenditionTestKit
import Testing

/// `renditions stack`: an emulator, setup, a worker, the upload API and the gallery page, brought up and ended together.
@Suite("The stack", .timeLimit(.minutes(10)))
struct StackTests {
    private let folder = TestFolder()
    private var data: String { folder.path("data") }

    @Test func partsStartInOrderAndSpeakInOneStream() async throws {
        let stack = try await StackStage.start(data)
        defer { stack.command.signal(SIGINT) }
        let lines = stack.command.output.split(separator: "\n").map(String.init)
        let told = lines.filter { $0.hasPrefix("stack  | ") && ($0.contains(": ready") || $0.contains(": done")) }
        #expect(
            told == [
                "stack  | aws: ready", "stack  | setup: done", "stack  | worker: ready", "stack  | api: ready",
                "stack  | page: ready",
            ])
        // What is waited for is said before it is there.
        let waits = try #require(
            lines.firstIndex { $0.contains("worker: starting; waiting for an answer from http://127.0.0.1:") })
        #expect(waits < lines.firstIndex { $0.contains("worker: ready") } ?? 0)
        #expect(lines.contains { $0.hasPrefix("setup  |   made the table") })
        #expect(lines.contains { $0.hasPrefix("worker | ") && $0.contains("renders") })
        #expect(lines.allSatisfy { $0.contains(" |") }, "every line names its part")
        let ended = try await stack.stop()
        #expect(ended.status == 0, "\(ended.output.suffix(800))\(ended.errors)")
        #expect(!ended.output.contains("again: ending at once"), "each part gets one signal, when its turn has come")
        let endings = ended.output.split(separator: "\n").filter { $0.hasSuffix(": ending") }
        #expect(
            endings == [
                "stack  | page: ending", "stack  | api: ending", "stack  | worker: ending", "stack  | aws: ending",
            ])
        #expect(stack.isGone)
    }

    @Test func theDataStayUntilTheyAreForgotten() async throws {
        let first = try await StackStage.start(data)
        defer { first.command.signal(SIGINT) }
        let id = try await first.upload(Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg", gallery: "kept")
        let path = "/v1/galleries/kept/photos"
        try await eventually("the photo is rendered") {
            try await UploadClient(api: first.api).get(path).photos.first?["status"] as? String == "active"
        }
        // While it runs nobody else may have its data, nor forget them.
        let other = try Renditions.start(StackStage.arguments(data, try StackStage.freePorts()))
        defer { other.signal(SIGINT) }
        try await eventually("the second one ends by itself") { !other.isRunning }
        let second = try await other.wait()
        #expect(second.status == 78)
        #expect(second.errors.contains("Another stack runs on the data"), "\(second.errors)")
        #expect(try await Renditions.run(["stack", "--data", data, "--forget"]).status == 78)
        #expect(try await first.stop().status == 0)

        // Its pictures' addresses would lead nowhere.
        let moved = try await Renditions.run(StackStage.arguments(data, try StackStage.freePorts()))
        #expect(moved.status == 78)
        #expect(moved.errors.contains("were made with --aws-port \(first.ports["--aws-port"] ?? 0)"), "\(moved.errors)")

        let again = try await StackStage.start(data, ports: first.ports)
        defer { again.command.signal(SIGINT) }
        let photos = try await UploadClient(api: again.api).get(path).photos
        #expect(photos.map { $0["id"] as? String } == [id])
        let url = photos.first?["thumbnail_url"] as? String ?? ""
        let picture = try await Command.run("curl", ["-s", "-o", "/dev/null", "-w", "%{http_code}", url])
        #expect(picture.output == "200", "\(url)")
        #expect(try await again.stop().status == 0)

        let forgotten = try await Renditions.run(["stack", "--data", data, "--forget"])
        #expect(forgotten.status == 0, "\(forgotten.errors)")
        #expect(!FileManager.default.fileExists(atPath: data))
    }

    @Test func aFolderOfSomebodyElsesIsNeitherUsedNorForgotten() async throws {
        let file = try folder.write("precious/holiday.jpg", [1, 2, 3])
        // Whatever a file is called, it is no mark unless a stack wrote it.
        for name in ["stack", "galerly-renditions.stack"] { _ = try folder.write("precious/\(name)", []) }
        for arguments in [["--forget"], []] {
            let result = try await Renditions.run(
                ["stack", "--data", folder.path("precious"), "--python", StackStage.python] + arguments)
            #expect(result.status == 78)
            #expect(result.errors.contains("holds something else than a stack's data"), "\(result.errors)")
        }
        #expect(
            folder.files(below: "precious").sorted() == ["galerly-renditions.stack", "holiday.jpg", "stack"], "\(file)")
    }

    @Test func everyTakenPortIsNamedWithWhoHoldsIt() async throws {
        let ports = try StackStage.freePorts()
        let holders = try ["--api-port", "--page-port"].map { flag in
            let port = try #require(ports[flag])
            return (flag, port, try Command("python3", ["-m", "http.server", "--bind", "127.0.0.1", String(port)]))
        }
        defer { for (_, _, holder) in holders { holder.signal(SIGKILL) } }
        try await eventually("the ports are taken") { holders.allSatisfy { !FreePort.isFree($0.1) } }
        let result = try await Renditions.run(StackStage.arguments(data, ports))
        #expect(result.status == 1)
        for (flag, port, holder) in holders {
            #expect(
                result.errors.contains("Port \(port) can't be used: is taken by python3 (\(holder.pid))"),
                "\(result.errors)")
            #expect(result.errors.contains("choose another with \(flag)"))
        }
        #expect(result.output.isEmpty, "nothing was started")
    }

    /// Browsers take `localhost` for either family's address.
    @Test func whoHoldsAPortOnIPv6OnlyIsInTheWayToo() async throws {
        let ports = try StackStage.freePorts()
        let port = try #require(ports["--page-port"])
        let holder = try Command("python3", ["-m", "http.server", "--bind", "::1", String(port)])
        defer { holder.signal(SIGKILL) }
        try await eventually("it listens") {
            try await Command.run("curl", ["-s", "-o", "/dev/null", "http://[::1]:\(port)/"]).status == 0
        }
        let result = try await Renditions.run(StackStage.arguments(data, ports))
        #expect(result.status == 1)
        #expect(
            result.errors.contains("Port \(port) can't be used: is taken by python3 (\(holder.pid))"),
            "\(result.errors)")
    }

    @Test func aPartThatEndsTakesTheOthersAlongAndIsNamed() async throws {
        let stack = try await StackStage.start(data)
        defer { stack.command.signal(SIGINT) }
        let worker = try #require(try await stack.process(of: "renditions worker"))
        kill(worker, SIGKILL)
        try await eventually("the stack ends by itself") { !stack.command.isRunning }
        let ended = try await stack.command.wait()
        #expect(ended.status == 1)
        #expect(ended.errors.contains("worker ended (by signal 9, Killed)"), "\(ended.errors)")
        #expect(stack.isGone)
    }

    @Test func aSecondCtrlCLeavesNobodyBehindAndLosesNothing() async throws {
        let stack = try await StackStage.start(data)
        defer { stack.command.signal(SIGINT) }
        let id = try await stack.upload(Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg", gallery: "kept")
        // A part that doesn't heed the first one.
        let api = try #require(try await stack.process(of: "renditions devserver --store aws --api 127"))
        kill(api, SIGSTOP)
        stack.command.signal(SIGINT)
        try await eventually("the first one was heard") { stack.command.output.contains("api: ending") }
        stack.command.signal(SIGINT)
        let ended = try await stack.command.wait()
        #expect(ended.status == 130)
        // The data are nobody's until the last part has ended.
        let early = try await Renditions.run(["stack", "--data", data, "--forget"])
        #expect(early.status == 78)
        #expect(early.errors.contains("are still ending"), "\(early.errors)")
        try await eventually("everything is gone") { try await stack.hasEnded(data) }
        let again = try await StackStage.start(data, ports: stack.ports)
        defer { again.command.signal(SIGINT) }
        let photos = try await UploadClient(api: again.api).get("/v1/galleries/kept/photos").photos
        #expect(photos.map { $0["id"] as? String } == [id])
        #expect(try await again.stop().status == 0)
    }

    /// Runs a part on the leash, with two seconds to end in.
    ///
    /// - Parameters:
    ///   - part: A script, which says first that it is up.
    ///   - then: What happens to the leash, of the number `$LEASH_PID`, before the stack is gone. It may read `$lines`.
    ///   - before: Python that the leash runs first.
    /// - Returns: What both say, and then how the leash ended.
    private func leash(_ part: String, then: String = "", before: String = "") async throws -> String {
        let file = "\(Corpus.root)/Sources/renditions/Resources/leash.py"
        let leash = before + "\n" + (try String(contentsOfFile: file, encoding: .utf8))
        let script = """
            coproc LEASH { exec python3 -I -c "$1" "$2" 2 bash -c "$3"; }
            exec {lines}<&${LEASH[0]} {stack}>&${LEASH[1]}
            eval "exec ${LEASH[1]}>&-"
            leash=$LEASH_PID
            read -r -u $lines up
            \(then)
            exec {stack}>&-
            cat <&$lines
            wait $leash
            echo $?
            """
        return try await Command.run("bash", ["-c", script, "bash", leash, folder.path("parts"), part]).output
    }

    /// A worker takes a second signal for the wish to drop what it has in hand.
    @Test func aPartIsAskedToEndOnce() async throws {
        let told = try await leash(
            "trap 'echo asked' TERM; echo up; for n in {1..10}; do sleep 0.1; done; exit 3",
            then: "kill -TERM $leash; read -r -u $lines first; echo $first")
        #expect(told == "asked\n3\n")
    }

    @Test func aPartThatIsAskedToEndAsItStartsEndsInOrder() async throws {
        let ready = folder.path("ready")
        let told = try await leash(
            "trap 'echo asked' TERM; echo up; touch '\(ready)'; for n in {1..10}; do sleep 0.1; done; exit 3",
            // The signal comes before the leash has its part in hand.
            before: """
                import os, signal, subprocess, time
                class Popen(subprocess.Popen):
                    def __init__(self, *all, **named):
                        super().__init__(*all, **named)
                        while not os.path.exists("\(ready)"):
                            time.sleep(0.01)
                        os.kill(os.getpid(), signal.SIGTERM)
                subprocess.Popen = Popen
                """)
        #expect(told == "asked\n3\n")
    }

    @Test func aPartThatDoesNotHeedIsEnded() async throws {
        #expect(try await leash("trap '' TERM; echo up; exec sleep 600") == "137\n")
    }

    @Test func theDataSurviveAStackThatIsKilled() async throws {
        let stack = try await StackStage.start(data)
        let id = try await stack.upload(Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg", gallery: "kept")
        stack.command.signal(SIGKILL)
        try await eventually("its parts end by themselves") { try await stack.hasEnded(data) }
        let again = try await StackStage.start(data, ports: stack.ports)
        defer { again.command.signal(SIGINT) }
        let photos = try await UploadClient(api: again.api).get("/v1/galleries/kept/photos").photos
        #expect(photos.map { $0["id"] as? String } == [id])
        #expect(try await again.stop().status == 0)
    }

    @Test func thePhotographerWouldHaveGotAMail() async throws {
        let stack = try await StackStage.start(data, ["RENDITIONS_MAIL_AFTER": "1"])
        defer { stack.command.signal(SIGINT) }
        let outbox = try #require(stack.command.output.firstMatch(of: /mail, which goes nowhere: (\S+)/)?.1)
        _ = try await stack.upload(Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg", gallery: "Anna & Ben")
        try await eventually("the mail is there") {
            let mails = try await Command.run("curl", ["-s", String(outbox)]).output
            return mails.contains("photographer@example.com") && mails.contains("Anna & Ben")
                && mails.contains("tiny_thumbnail.jpg")
        }
        #expect(try await stack.stop().status == 0)
    }

    @Test func whatTheShellAndFilesSayOfTheRealAWSStaysOutside() async throws {
        let real = "CDN_DOMAIN=cdn.example.com\nAWS_SESSION_TOKEN=token\nAWS_ENDPOINT_URL_DYNAMODB=http://127.0.0.1:9\n"
        let file = try folder.write("here/.env", Array(real.utf8))
        let settings = try folder.write("real.yaml", Array("CDN_DOMAIN: cdn.example.com\n".utf8))
        let stack = try await StackStage.start(
            data,
            [
                "AWS_PROFILE": "production", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
                "CDN_DOMAIN": "cdn.example.com",
                "AWS_SESSION_TOKEN": "token", "ENVIRONMENT": "production", "RENDITIONS_CONFIG": settings,
                "RENDITIONS_S3_ADDRESSING": "virtual",
            ],
            in: PathName.folder(file))
        defer { stack.command.signal(SIGINT) }
        let id = try await stack.upload(Corpus.samples.bytes("tiny.jpg"), as: "tiny.jpg", gallery: "g")
        let client = UploadClient(api: stack.api)
        try await eventually("the photo is rendered in the emulator") {
            let photo = try await client.get("/v1/galleries/g/photos").photos.first
            return photo?["id"] as? String == id && photo?["status"] as? String == "active"
                && (photo?["thumbnail_url"] as? String)?.hasPrefix("\(stack.store)/") == true
        }
        #expect(try await stack.stop().status == 0)
    }
}
