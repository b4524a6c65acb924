import RenditionAWS
import RenditionTestKit
import Testing

@testable import renditions

/// What follows from the settings of the platform's services.
@Suite("The platform's settings")
struct PlatformSettingsTests {
    private func settings(_ variables: [String: String]) throws -> Settings {
        try Settings(SettingSources([.environment(variables)]))
    }

    @Test(arguments: [
        ([:], "http://localhost:5173"),
        (["RENDITIONS_STORE": "local:x", "AWS_ENDPOINT_URL": "http://minio:9000"], "http://localhost:5173"),
        (["AWS_ENDPOINT_URL": "http://localhost:4566"], "http://localhost:4566"),
        (["AWS_ENDPOINT_URL": "http://127.0.0.1:4566"], "http://127.0.0.1:4566"),
        (["AWS_ENDPOINT_URL": "https://objects.example.com"], "https://objects.example.com"),
        (["AWS_ENDPOINT_URL": "http://localstack:4566"], "http://localhost:4566"),
        (["AWS_ENDPOINT_URL": "http://minio"], "http://localhost"),
        (["RENDITIONS_STORE": "aws", "AWS_REGION": "eu-west-1"], "https://s3.eu-west-1.amazonaws.com"),
        (
            ["AWS_ENDPOINT_URL": "http://minio:9000", "RENDITIONS_PUBLIC_ENDPOINT": "http://a.example"],
            "http://a.example"
        ),
    ])
    func browsersAreSentWhereTheyCanGo(_ variables: [String: String], _ endpoint: String) throws {
        #expect(try settings(variables).publicEndpoint == endpoint)
    }

    @Test(arguments: [
        (["AWS_REGION": "eu-west-1"], S3.Addressing.virtual),
        (["AWS_ENDPOINT_URL": "http://localhost:4566"], .path),
        (["AWS_ENDPOINT_URL": "http://localhost:4566", "RENDITIONS_S3_ADDRESSING": "virtual"], .virtual),
        (["AWS_REGION": "eu-west-1", "RENDITIONS_S3_ADDRESSING": "path"], .path),
        (["AWS_REGION": "eu-west-1", "S3_PHOTOS_BUCKET": "photos.example.com"], .path),
    ])
    func addressingFollowsTheEndpoint(_ variables: [String: String], _ addressing: S3.Addressing) throws {
        #expect(try settings(variables).aws().s3Addressing == addressing)
    }

    @Test func theRegionMayStandInTheProfile() throws {
        let folder = TestFolder()
        let config = try folder.write("config", Array("[profile studio]\nregion = eu-central-1\n".utf8))
        let variables = ["AWS_CONFIG_FILE": config, "AWS_PROFILE": "studio"]
        #expect(try settings(variables).aws().region == "eu-central-1")
        #expect(try settings(variables.merging(["AWS_REGION": "us-west-2"]) { $1 }).aws().region == "us-west-2")
    }

    @Test func aMissingRegionIsNamed() throws {
        let error = #expect(throws: SettingError.self) {
            try settings(["AWS_CONFIG_FILE": "/none", "RENDITIONS_STORE": "aws"]).aws()
        }
        #expect(error?.description.contains("AWS_REGION is not set") == true)
    }

    @Test(arguments: [
        ([:], StoreChoice.local("./galerly-data")),
        (["DYNAMODB_TABLE_PHOTOS": "p"], .aws),
        (["AWS_ENDPOINT_URL": "http://localhost:4566"], .aws),
        (["DYNAMODB_TABLE_PHOTOS": "p", "RENDITIONS_STORE": "local:x"], .local("x")),
    ])
    func theStoreFollowsWhatIsSet(_ variables: [String: String], _ store: StoreChoice) throws {
        #expect(try settings(variables).store == store)
    }

    @Test func anySourceMaySuggestTheStoreOnAWS() throws {
        let folder = TestFolder()
        let dotEnv = try folder.write(".env", Array("DYNAMODB_TABLE_PHOTOS=p".utf8))
        let yaml = try folder.write("renditions.yaml", Array("AWS_ENDPOINT_URL: http://localhost:4566".utf8))
        var files = SettingFiles()
        for source in [try SettingSource.dotEnv(dotEnv, in: &files), try SettingSource.file(yaml, in: &files)] {
            #expect(try Settings(SettingSources([try #require(source)])).store == .aws)
        }
    }

    @Test func theCredentialChainSeesAllVariablesOfAllSources() throws {
        let upper = try SettingSource.environment(["AWS_CONFIG_FILE": "x", "AWS_PROFILE": "", "AWS_REGION": "upper"])
        let lower = try SettingSource.environment(["AWS_PROFILE": "y", "AWS_REGION": "lower"])
        let settings = try Settings(SettingSources([upper, lower]))
        #expect(settings.environment == ["AWS_CONFIG_FILE": "x", "AWS_PROFILE": "y", "AWS_REGION": "upper"])
    }

    /// The default is the machine that the platform is developed on.
    @Test(
        arguments: [
            ("local", nil, "http://localhost:5173"), ("production", nil, nil), ("development", nil, nil),
            ("production", "https://galerly.com", "https://galerly.com"),
        ] as [(String, String?, String?)])
    func mailsLeadNowhereButToThePlatform(_ deployment: String, _ frontend: String?, _ link: String?) throws {
        var variables = ["ENVIRONMENT": deployment, "AWS_REGION": "eu-west-1", "FROM_EMAIL": "a@b.example"]
        variables["FRONTEND_URL"] = frontend
        let mail = try #require(try Settings(SettingSources([.environment(variables)])).aws().mail)
        #expect(mail.frontend == link)
    }
}
