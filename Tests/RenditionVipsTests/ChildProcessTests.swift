import Foundation
import RenditionTestKit
import Testing

@testable import RenditionVips

@Suite("Programs in processes of their own")
struct ChildProcessTests {
    private static func run(
        _ program: String, _ arguments: [String], input: String = "", seconds: Double = 20, output: Int = 1 << 20
    ) throws -> ChildProcess.Result {
        try Array(input.utf8).withUnsafeBytes { bytes in
            let file = try NamelessFile(bytes)
            return try ChildProcess.run(
                program, arguments, input: file,
                .init(end: .now + .seconds(seconds), memory: 512 << 20, output: output))
        }
    }

    @Test func aProgramSeesItsInputAndIsHeard() throws {
        let result = try Self.run("cat", [ChildProcess.inputPath], input: "frames")
        #expect(String(decoding: result.output, as: UTF8.self) == "frames")
        #expect((result.status, result.timedOut) == (0, false))
        let failed = try Self.run("sh", ["-c", "echo why >&2; exit 3"])
        #expect((failed.status, failed.complaint) == (3, "why"))
    }

    @Test func noOtherFileOfOursIsOpenInIt() throws {
        let secret = FileHandle(forReadingAtPath: "/etc/hostname")
        defer { withExtendedLifetime(secret) {} }
        let result = try Self.run("sh", ["-c", "ls /proc/$$/fd"])
        let open = String(decoding: result.output, as: UTF8.self).split(separator: "\n")
        // The shell itself may keep its script open under a number above 9.
        #expect(Set(open.filter { $0.count == 1 }) == ["0", "1", "2", "3"], "\(open)")
    }

    @Test func oneThatHangsIsStoppedWithAllThatItStarted() throws {
        let began = ContinuousClock.now
        let mark = "\(Int.random(in: 100_000...999_999))"
        let result = try Self.run("sh", ["-c", "sleep 7\(mark) & sleep 7\(mark)"], seconds: 0.5)
        #expect(result.timedOut)
        #expect(ContinuousClock.now - began < .seconds(10))
        #expect(Self.running("7\(mark)").isEmpty)
    }

    @Test func oneThatPrintsTooMuchIsStopped() throws {
        let result = try Self.run("yes", [], output: 100_000)
        #expect(result.printedTooMuch)
        #expect(result.output.count < 300_000)
    }

    @Test func memoryHasALimit() throws {
        // A line of zeros without end, which tail keeps whole: more than the half gigabyte that it may have.
        let hungry = try Self.run("sh", ["-c", "head -c 2000000000 /dev/zero | tail -n 1 >/dev/null"])
        #expect(hungry.status != 0 && !hungry.timedOut && !hungry.printedTooMuch, "\(hungry)")
        #expect(hungry.complaint.contains("memory"), "\(hungry.complaint)")
    }

    @Test func noFileIsWritten() throws {
        let folder = TestFolder()
        chmod(folder.path, 0o777)
        let writer = try Self.run("sh", ["-c", "(echo something > \(folder.path("left"))); ls \(folder.path)"])
        #expect(String(decoding: writer.output, as: UTF8.self) == "left\n", "it may make one: \(writer)")
        #expect((FileManager.default.contents(atPath: folder.path("left")) ?? Data()).isEmpty, "\(writer)")
        // Not even its input, whose descriptor it has.
        let input = try Self.run("sh", ["-c", "echo x >&3; cat \(ChildProcess.inputPath)"], input: "frames")
        #expect(String(decoding: input.output, as: UTF8.self) == "frames")
    }

    @Test func aDeathThatNobodyHereCausedIsTheMachines() throws {
        let error = #expect(throws: ChildProcess.NotStarted.self) { try Self.run("sh", ["-c", "kill -9 $$"]) }
        #expect(error?.reason == "it was killed")
        let crash = try Self.run("sh", ["-c", "kill -11 $$"])
        #expect(crash.signal == SIGSEGV && crash.status == nil)
    }

    @Test func whatTheProgramLeftBehindIsStoppedToo() async throws {
        let mark = "\(Int.random(in: 100_000...999_999))"
        let result = try Self.run("sh", ["-c", "sleep 8\(mark) & exit 0"], seconds: 0.5)
        #expect(result.timedOut)
        // Whoever inherits it takes a moment to bury it.
        let end = ContinuousClock.now + .seconds(20)
        while !Self.running("8\(mark)").isEmpty, ContinuousClock.now < end {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(Self.running("8\(mark)").isEmpty)
    }

    /// The processes whose command line holds a text.
    private static func running(_ text: String) -> [String] {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.filter { process in
            let command = FileManager.default.contents(atPath: "/proc/\(process)/cmdline") ?? Data()
            return Int(process) != nil && String(decoding: command, as: UTF8.self).contains(text)
        }
    }

    @Test(.enabled(if: ChildProcess.isIsolated, "this machine allows no network namespaces"))
    func itReachesNoNetwork() throws {
        let listening = try Self.run("sh", ["-c", "tail -n +3 /proc/net/dev | grep -v ' lo:'; true"])
        #expect(listening.output.isEmpty, "\(String(decoding: listening.output, as: UTF8.self))")
    }

    @Test(.enabled(if: ChildProcess.isNobody, "only root has rights to give up"))
    func itHasNoRights() throws {
        let result = try Self.run("sh", ["-c", "id -u; grep -E 'CapEff|CapBnd|NoNewPrivs' /proc/self/status"])
        let words = String(decoding: result.output, as: UTF8.self).split { $0.isWhitespace }
        #expect(words.first == "65534")
        #expect(words.contains("1"), "no new privileges: \(words)")
        #expect(words.filter { $0.count == 16 }.allSatisfy { $0.allSatisfy { $0 == "0" } }, "\(words)")
        #expect(try Self.run("cat", [ChildProcess.inputPath], input: "frames").output == Array("frames".utf8))
    }

    @Test func aMissingProgramIsNamed() {
        let error = #expect(throws: ChildProcess.NotStarted.self) { try Self.run("no-such-program", []) }
        #expect(error?.program == "no-such-program")
    }
}
