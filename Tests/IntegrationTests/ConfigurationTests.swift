import Foundation
import RenditionTestKit
import Testing

/// Where settings come from, which of them counts, and what is said of those that can't be.
@Suite("The configuration", .timeLimit(.minutes(5)))
struct ConfigurationTests {
    private let folder = TestFolder()

    private func write(_ name: String, _ text: String) throws { try folder.write(name, Array(text.utf8)) }

    /// What `renditions settings` says of one setting.
    private func setting(
        _ name: String, _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) async throws -> (value: String, source: String) {
        let result = try await Renditions.run(["settings"] + arguments, environment, in: folder.path)
        #expect(result.status == 0, "\(result.errors)")
        let lines = result.output.split(separator: "\n").map(String.init)
        let header = try #require(lines.first)
        let line = try #require(lines.first { $0.hasPrefix("\(name) ") })
        func cell(_ column: String, until next: String) throws -> String {
            let start = try #require(header.range(of: column)).lowerBound
            let end = try #require(header.range(of: next)).lowerBound
            let offsets = [start, end].map { header.distance(from: header.startIndex, to: $0) }
            return line.dropFirst(offsets[0]).prefix(offsets[1] - offsets[0]).trimmingCharacters(in: .whitespaces)
        }
        return (try cell("value", until: "source"), try cell("source", until: "takes"))
    }

    /// What is said of settings that stop the start.
    private func refusal(
        _ arguments: [String] = [], _ environment: [String: String] = [:]
    ) async throws -> String {
        let result = try await Renditions.run(["show", "x"] + arguments, environment, in: folder.path)
        #expect(result.status == 78, "\(result.errors)")
        #expect(result.errors.split(separator: "\n").count == 1, "\(result.errors)")
        return result.errors
    }

    // MARK: Which source counts

    @Test(arguments: [
        ("environment", ".env.local"), (".env.local", ".env"), (".env", "renditions.yaml"),
        ("renditions.yaml", "default"),
    ])
    func aSourceGoesBeforeTheNext(_ upper: String, _ lower: String) async throws {
        var environment: [String: String] = [:]
        for (source, seconds) in [(upper, 41), (lower, 42)] {
            switch source {
            case "environment": environment["RENDITIONS_LEASE_SECONDS"] = "\(seconds)"
            case "renditions.yaml": try write(source, "RENDITIONS_LEASE_SECONDS: \(seconds)")
            case "default": break
            default: try write(source, "RENDITIONS_LEASE_SECONDS=\(seconds)")
            }
        }
        let lease = try await setting("RENDITIONS_LEASE_SECONDS", [], environment)
        #expect(lease == ("41", upper))
    }

    @Test func nothingSaidIsTheDefault() async throws {
        #expect(try await setting("RENDITIONS_LEASE_SECONDS") == ("30", "default"))
    }

    @Test func theStoresFlagGoesBeforeTheEnvironment() async throws {
        let result = try await Renditions.run(
            ["show", "x", "--store", "local:flagged"], ["RENDITIONS_STORE": "local:said"], in: folder.path)
        #expect(result.errors.contains("There is no store in flagged"), "\(result.errors)")
    }

    @Test func theThreadsFlagGoesBeforeTheEnvironment() async throws {
        let result = try await Renditions.run(
            ["worker", "--drain", "--threads", "3"], ["RENDITIONS_THREADS": "5"], in: folder.path)
        #expect(result.errors.contains("renders 3 photos at once"), "\(result.errors)")
    }

    @Test func theConfigFlagGoesBeforeTheEnvironment() async throws {
        try write("a.yaml", "CDN_DOMAIN: a.example")
        let file = try await setting("RENDITIONS_CONFIG", ["--config", "a.yaml"], ["RENDITIONS_CONFIG": "b.yaml"])
        #expect(file == ("a.yaml", "flag"))
    }

    @Test(arguments: ["RENDITIONS_LEASE_SECONDS=", "RENDITIONS_LEASE_SECONDS=''"])
    func anEmptyValueSaysNothing(_ line: String) async throws {
        try write(".env.local", line)
        try write(".env", "RENDITIONS_LEASE_SECONDS=42")
        let lease = try await setting("RENDITIONS_LEASE_SECONDS", [], ["RENDITIONS_LEASE_SECONDS": ""])
        #expect(lease == ("42", ".env"))
    }

    // MARK: Files

    @Test(arguments: [
        ("CDN_DOMAIN=plain", "plain"),
        ("  CDN_DOMAIN = plain\t", "plain"),
        ("export CDN_DOMAIN=plain", "plain"),
        ("CDN_DOMAIN=two words", "two words"),
        ("CDN_DOMAIN=plain # a comment", "plain"),
        ("CDN_DOMAIN=a#b", "a#b"),
        ("CDN_DOMAIN=#b", "#b"),
        ("CDN_DOMAIN= # only a comment", ""),
        (#"CDN_DOMAIN=a\nb$HOME"#, #"a\nb$HOME"#),
        (#"CDN_DOMAIN="a # b" # a comment"#, "a # b"),
        (#"CDN_DOMAIN="a\"b\\c\$d\te\qf""#, #"a"b\c$d\te\qf"#),
        (#"CDN_DOMAIN='a\"b # c'"#, #"a\"b # c"#),
        ("CDN_DOMAIN='a=b'", "a=b"),
        ("CDN_DOMAIN=\"a\nb\"", #"a\nb"#),
        ("\u{FEFF}CDN_DOMAIN=plain", "plain"),
        ("# first\r\n\r\nCDN_DOMAIN=plain\r\nOTHER=1\r\n", "plain"),
        ("CDN_DOMAIN=first\nCDN_DOMAIN=second", "second"),
    ])
    func dotEnvIsReadAsShellsReadIt(_ text: String, _ value: String) async throws {
        try write(".env", text)
        #expect(try await setting("CDN_DOMAIN").value == value)
    }

    @Test(arguments: [
        ("\nCDN_DOMAIN", ".env:2 is not NAME=value"),
        ("A=1\n# b\nhush hush=1", ".env:3 is not NAME=value"),
        ("1A=hush", ".env:1 is not NAME=value"),
        ("export =hush", ".env:1 is not NAME=value"),
        ("A='b'\nB='hush\nC=1", ".env:2 opens a quote that is never closed"),
        ("A='b\nc'\nB=\"hush\" d", ".env:3 goes on after the closing quote"),
    ])
    func aMalformedLineIsNamedButNotQuoted(_ text: String, _ problem: String) async throws {
        try write(".env", text)
        let errors = try await refusal()
        #expect(errors.contains(problem), "\(errors)")
        #expect(!errors.contains("hush"))
    }

    @Test(arguments: [
        ("renditions.yaml", "RENDITIONS_LEASE_SECONDS: 42"),
        ("renditions.yml", "# a comment\n---\n\"RENDITIONS_LEASE_SECONDS\": '42'\n"),
        ("renditions.json", #"{"RENDITIONS_LEASE_SECONDS":42}"#),
        ("renditions.json", "{\n\t\"RENDITIONS_LEASE_SECONDS\": \"42\"\n}\n"),
    ])
    func aFileOfSettingsIsFoundByItsName(_ file: String, _ text: String) async throws {
        try write(file, text)
        #expect(try await setting("RENDITIONS_LEASE_SECONDS") == ("42", file))
    }

    @Test func ofSeveralFilesTheFirstIsRead() async throws {
        for (index, file) in ["renditions.json", "renditions.yml", "renditions.yaml"].enumerated() {
            try write(file, "{RENDITIONS_LEASE_SECONDS: 4\(index)}")
            #expect(try await setting("RENDITIONS_LEASE_SECONDS") == ("4\(index)", file))
        }
    }

    @Test(arguments: ["RENDITIONS_LEASE_SECONDS:", "RENDITIONS_LEASE_SECONDS: ~", "# nothing yet", "", "---"])
    func aFileMaySayNothing(_ text: String) async throws {
        try write("renditions.yaml", text)
        #expect(try await setting("RENDITIONS_LEASE_SECONDS") == ("30", "default"))
    }

    @Test func aNamedFileStandsForTheOnesInTheFolder() async throws {
        try write("renditions.yaml", "RENDITIONS_LEASE_SECONDS: 41")
        try write("etc/mine.yaml", "RENDITIONS_LEASE_SECONDS: 42")
        let lease = try await setting("RENDITIONS_LEASE_SECONDS", [], ["RENDITIONS_CONFIG": "etc/mine.yaml"])
        #expect(lease == ("42", "etc/mine.yaml"))
    }

    @Test func dotEnvMayNameTheFile() async throws {
        try write(".env", "RENDITIONS_CONFIG=mine.json")
        try write("mine.json", #"{"RENDITIONS_LEASE_SECONDS": 42}"#)
        #expect(try await setting("RENDITIONS_LEASE_SECONDS") == ("42", "mine.json"))
    }

    @Test(arguments: [
        ["show", "x"], ["worker"], ["import", "x.jpg", "--gallery", "g"], ["render", "x.jpg", "--out", "o"],
        ["gallery", "g"], ["settings"],
    ])
    func aNamedFileMustBeThere(_ command: [String]) async throws {
        let result = try await Renditions.run(command + ["--config", "none.yaml"], in: folder.path)
        #expect(result.status == 78)
        #expect(
            result.errors.contains(#"RENDITIONS_CONFIG is "none.yaml" in --config; there is no such file"#),
            "\(result.errors)")
    }

    @Test(arguments: [
        ("AWS_SECRET_ACCESS_KEY: \"hush\nCDN_DOMAIN: a", "c.yaml:3 can't be read"),
        ("AWS_SECRET_ACCESS_KEY: hush\nAWS_SECRET_ACCESS_KEY: hush", "says AWS_SECRET_ACCESS_KEY more than once"),
        ("AWS_SECRET_ACCESS_KEY=hush", "must hold settings as NAME: value"),
        ("\nAWS_SECRET_ACCESS_KEY: [hush]", "AWS_SECRET_ACCESS_KEY in c.yaml:2 must be a single value"),
        ("RENDITIONS_THREADS: {}", "RENDITIONS_THREADS in c.yaml:1 must be a single value"),
        ("RENDITIONS_CONFIG: hush", "RENDITIONS_CONFIG in c.yaml:1 comes too late"),
    ])
    func aFileThatCannotBeReadIsNamedButNotQuoted(_ text: String, _ problem: String) async throws {
        try write("c.yaml", text + "\n")
        let errors = try await refusal(["--config", "c.yaml"])
        #expect(errors.contains(problem), "\(errors)")
        #expect(!errors.contains("hush"))
    }

    @Test func aFolderIsNoFileOfSettings() async throws {
        try write("etc/x", "")
        #expect(try await refusal(["--config", "etc"]).contains("etc can't be read: Is a directory"))
    }

    // MARK: Unknown names

    @Test(arguments: ["RENDITIONS_THREDS", "RENDITIONS_THREADS_", "RENDITIONS_TREADS"])
    func anUnknownNameInTheEnvironmentIsNamed(_ name: String) async throws {
        let errors = try await refusal([], [name: "4"])
        #expect(
            errors.contains("\(name) in the environment is no setting; did you mean RENDITIONS_THREADS?"), "\(errors)")
    }

    @Test(arguments: [".env", ".env.local"])
    func anUnknownNameInDotEnvIsNamed(_ file: String) async throws {
        try write(file, "OTHER=1\nRENDITIONS_LEASE=42")
        let errors = try await refusal()
        #expect(
            errors.contains("RENDITIONS_LEASE in \(file):2 is no setting; did you mean RENDITIONS_LEASE_SECONDS?"),
            "\(errors)")
    }

    @Test(arguments: [
        ("renditions.yaml", "CDN_DOMAIN: a\nS3_PHOTO_BUCKET: b", ":2", "S3_PHOTO_BUCKET", "S3_PHOTOS_BUCKET"),
        ("renditions.yaml", "threads: 4", ":1", "threads", "RENDITIONS_THREADS"),
        (
            "renditions.json", "{\n\"RENDITIONS_LOG_LEVL\": \"info\"}", ":2", "RENDITIONS_LOG_LEVL",
            "RENDITIONS_LOG_LEVEL"
        ),
    ])
    func anUnknownKeyInAFileIsNamed(
        _ file: String, _ text: String, _ line: String, _ name: String, _ meant: String
    ) async throws {
        try write(file, text)
        let errors = try await refusal()
        #expect(errors.contains("\(name) in \(file)\(line) is no setting; did you mean \(meant)?"), "\(errors)")
    }

    @Test func aNameThatIsFarFromAllIsGivenNoMeaning() async throws {
        let errors = try await refusal([], ["RENDITIONS_SOMETHING_ELSE": "1"])
        #expect(errors.contains("RENDITIONS_SOMETHING_ELSE in the environment is no setting"), "\(errors)")
        #expect(!errors.contains("did you mean"))
    }

    @Test func othersVariablesAreNobodysMistake() async throws {
        try write(".env", "DJANGO_SECRET_KEY=hush\nAWS_CONFIG_FILE=x\nS3_SOMETHING=y\n")
        #expect(try await setting("CDN_DOMAIN", [], ["AWS_EC2_METADATA_DISABLED": "true"]).source == "default")
    }

    // MARK: Wrong values

    @Test func aWrongValueIsNamedWithItsPlace() async throws {
        let wanted = "; it must be a whole number from 1 to 1024 (photos)"
        try write("renditions.json", #"{"RENDITIONS_THREADS": true}"#)
        #expect(try await refusal().contains(#"RENDITIONS_THREADS is "true" in renditions.json:1\#(wanted)"#))
        try write(".env", "OTHER=1\nRENDITIONS_THREADS=4.0")
        #expect(try await refusal().contains(#"RENDITIONS_THREADS is "4.0" in .env:2\#(wanted)"#))
        try write(".env.local", "RENDITIONS_THREADS=1025")
        #expect(try await refusal().contains(#"RENDITIONS_THREADS is "1025" in .env.local:1\#(wanted)"#))
        let errors = try await refusal([], ["RENDITIONS_THREADS": "four"])
        #expect(errors.contains(#"RENDITIONS_THREADS is "four" in the environment\#(wanted)"#))
    }

    @Test(arguments: [
        ("AWS_ENDPOINT_URL", "localhost:4566", "an address that begins with http:// or https://"),
        ("RENDITIONS_PUBLIC_ENDPOINT", "cdn.example.com", "an address that begins with http:// or https://"),
        ("RENDITIONS_STORE", "sqlite", "local:DIR or aws"),
        ("ENVIRONMENT", "staging", "one of local, development, production"),
        ("RENDITIONS_FEED", "push", "one of poll, streams, none"),
        ("RENDITIONS_S3_ADDRESSING", "host", "one of auto, path, virtual"),
    ])
    func aWrongTextIsNamedWithWhatItMustBe(_ name: String, _ value: String, _ wanted: String) async throws {
        let errors = try await refusal([], [name: value])
        #expect(errors.contains("\(name) is \"\(value)\" in the environment; it must be \(wanted)."), "\(errors)")
    }

    @Test func settingsPrintsItsTableAlsoWithAWrongValue() async throws {
        let result = try await Renditions.run(["settings"], ["RENDITIONS_THREADS": "many"], in: folder.path)
        #expect(result.status == 78)
        #expect(result.output.contains("RENDITIONS_LOG_LEVEL"))
        #expect(result.errors.contains("RENDITIONS_THREADS is \"many\""), "\(result.errors)")
    }

    // MARK: Secrets

    @Test(arguments: ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
    func secretsAreNeverPrinted(_ name: String) async throws {
        try write(".env", "\(name)=hush")
        let result = try await Renditions.run(["settings"], in: folder.path)
        #expect(!result.output.contains("hush"))
        #expect(try await setting(name) == ("(set)", ".env"))
    }

    @Test func theLibrarysAccessLogHoldsNoSecrets() async throws {
        let log = folder.path("access.log")
        try write(".env", "AWS_SECRET_ACCESS_KEY=hush")
        _ = try await setting("AWS_SECRET_ACCESS_KEY", [], ["CONFIG_ACCESS_LOG_FILE": log])
        let text = String(decoding: FileManager.default.contents(atPath: log) ?? Data(), as: UTF8.self)
        #expect(text.contains("AWS_SECRET_ACCESS_KEY"))
        #expect(!text.contains("hush"))
    }
}
