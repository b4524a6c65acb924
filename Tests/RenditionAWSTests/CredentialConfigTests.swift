import RenditionAWS
import RenditionTestKit
import Testing

@Suite("The shared config files")
struct CredentialConfigTests {
    private let world = CredentialWorld()

    private func config(_ environment: [String: String] = [:]) throws -> SharedConfig {
        try SharedConfig(environment: environment, home: world.folder.path)
    }

    @Test func profilesAndTheirSettingsAreRead() throws {
        try world.config(
            "[default]\nregion = eu-west-1\n\n[profile work]\nRegion=us-east-1\nendpoint_url = http://h:1\n")
        let config = try config()
        #expect(config.value("region", profile: "default") == "eu-west-1")
        #expect(config.value("region", profile: "work") == "us-east-1")
        #expect(config.value("endpoint_url", profile: "work") == "http://h:1")
        #expect(config.value("endpoint_url", profile: "default") == nil)
        #expect(config.value("region", profile: "other") == nil)
    }

    @Test(arguments: [
        "[profile work]\r\nregion = x\r\n", "\u{FEFF}[profile work]\nregion = x", "[ profile  work ] # mine\nregion=x",
        "[profile 'work']\nregion = x", "[profile \"work\"]\n\tregion = x\n\tother = y",
        "# c\n;c\n[profile work]\nregion = x ; c",
        "[profile work]\n  # c\n  region = x # c", "[profile work]\nregion = y\n[profile work]\nregion = x",
        "[profile work]\nregion = y\nregion = x", "[plugins]\nregion = y\n[profile work]\nregion = x",
    ])
    func allFormsAreUnderstood(_ text: String) throws {
        try world.config(text)
        #expect(try config().value("region", profile: "work") == "x")
    }

    @Test func aSignWithinAValueIsNoComment() throws {
        try world.config("[default]\nrole_session_name = a#b;c=d\n")
        #expect(try config().value("role_session_name", profile: "default") == "a#b;c=d")
    }

    @Test func nestedSettingsStayWhereTheyAre() throws {
        try world.config("[default]\nregion = a\ns3 =\n  region = b\n  addressing_style = path\noutput = json\n")
        let config = try config()
        #expect(config.value("region", profile: "default") == "a")
        #expect(config.value("s3.region", profile: "default") == "b")
        #expect(config.value("s3.addressing_style", profile: "default") == "path")
        #expect(config.value("output", profile: "default") == "json")
    }

    @Test func aValueGoesOnInDeeperLines() throws {
        try world.config("[default]\ncredential_process = a\n  b = c\nregion = x\n")
        let config = try config()
        #expect(config.value("credential_process", profile: "default") == "a\nb = c")
        #expect(config.value("region", profile: "default") == "x")
    }

    @Test func credentialsGoBeforeConfig() throws {
        try world.config("[profile work]\nregion = a\noutput = json\n")
        try world.credentials("[work]\nregion = b\n")
        #expect(try config().value("region", profile: "work") == "b")
        #expect(try config().value("output", profile: "work") == "json")
    }

    @Test func aNamedDefaultTakesThePlaceOfAPlainOne() throws {
        try world.config("[profile default]\nregion = a\n[default]\nregion = b\noutput = json\n")
        #expect(try config().value("region", profile: "default") == "a")
        #expect(try config().value("output", profile: "default") == nil)
    }

    @Test func aPlainNameInTheConfigFileIsNoProfile() throws {
        try world.config("[work]\nregion = a\n")
        #expect(try config().value("region", profile: "work") == nil)
    }

    @Test func theFilesMayStandElsewhere() throws {
        let config = try world.folder.write("c", Array("[profile work]\nregion = a\n".utf8))
        try world.folder.write("k", Array("[work]\noutput = json\n".utf8))
        let read = try self.config(["AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": "~/k"])
        #expect(read.value("region", profile: "work") == "a")
        #expect(read.value("output", profile: "work") == "json")
    }

    @Test func theProfileIsChosenByTheEnvironment() throws {
        #expect(try config().chosenProfile == "default")
        #expect(try config(["AWS_PROFILE": "work"]).chosenProfile == "work")
    }

    @Test func missingFilesAreEmpty() throws {
        #expect(try config().value("region", profile: "default") == nil)
    }

    @Test(arguments: [
        ("[default]\nregion = a\ns3cret\n", 3), ("s3cret = x\n", 1), ("[default\ns3cret = x", 1),
        ("[default] s3cret\n", 1), ("[default]\n\n= s3cret", 3), ("[]\ns3cret = 1", 1),
        ("[default]\ns3 =\n  s3cret", 3),
    ])
    func aWrongLineIsNamedAndNotQuoted(_ text: String, _ line: Int) throws {
        try world.config(text)
        let error = try #require(throws: CredentialError.self) { try config() }
        #expect("\(error)".hasPrefix("Line \(line) of \(world.folder.path)/.aws/config is neither"))
        #expect(!"\(error)".contains("s3cret"))
    }

    @Test func aFolderInPlaceOfAFileIsNamed() throws {
        let error = #expect(throws: CredentialError.self) { try config(["AWS_CONFIG_FILE": world.folder.path]) }
        #expect(error?.description.hasPrefix("\(world.folder.path) can't be read.") == true)
    }
}
