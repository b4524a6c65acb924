import Foundation
import RenditionAWS
import RenditionCore

/// What the settings say of the platform's services.
extension Settings {
    /// Which of the platform's deployments this is.
    enum Deployment: String, CaseIterable, Sendable {
        case local, development, production
    }

    /// Where S3 and DynamoDB are reached; nil for AWS itself.
    var awsEndpoint: String? { given(.awsEndpoint) }

    /// nil where nobody named one.
    var namedRegion: String? { given(.awsRegion) ?? environment["AWS_DEFAULT_REGION"] ?? profileRegion }

    /// The region to ask; nil where nobody named one.
    var region: String? {
        // An emulator takes any.
        namedRegion ?? (awsEndpoint == nil ? nil : "us-east-1")
    }

    /// Files that can't be read are the credential chain's to complain of.
    static func profileRegion(_ environment: [String: String]) -> String? {
        guard let config = try? SharedConfig(environment: environment, home: NSHomeDirectory()) else { return nil }
        return config.value("region", profile: config.chosenProfile)
    }

    var tables: TableNames {
        TableNames(
            photos: text(.photosTable), galleries: text(.galleriesTable), users: text(.usersTable),
            jobs: text(.jobsTable))
    }

    /// What the store on S3 and DynamoDB has to know.
    ///
    /// - Throws: ``SettingError`` where the region is missing, or the endpoint is none.
    func aws() throws -> AWSConfiguration {
        guard let region else {
            throw SettingError("AWS_REGION is not set, nor a region in the profile; which one are the tables in?")
        }
        let endpoint = try awsEndpoint.map { text in
            guard let endpoint = Endpoint(text) else {
                throw SettingError(
                    "AWS_ENDPOINT_URL is \"\(text)\"; it must be http:// or https://, a host and perhaps a port.")
            }
            return endpoint
        }
        return AWSConfiguration(
            endpoint: endpoint, region: region,
            tables: tables, buckets: buckets, addressing: S3.Addressing(rawValue: text(.addressing)),
            feed: FeedKind(rawValue: text(.feed)) ?? .poll, mail: mail, owner: WorkerConfiguration.defaultOwner(),
            // However long this worker's own leases are: others' may be shorter, and they are looked after too.
            officeLease: .seconds(min(integer(.lease), 30)) / 2, environment: environment)
    }

    /// nil where nobody is told by mail.
    private var mail: MailConfiguration? {
        given(.fromEmail).flatMap(MailAddress.init).map { from in
            // Nobody else's machine is the photographer's: the default would lead nowhere.
            let isLocal = text(.deployment) == Deployment.local.rawValue
            return MailConfiguration(
                from: from, silence: .seconds(integer(.mailAfter)),
                frontend: isLocal ? text(.frontend) : given(.frontend))
        }
    }

    /// The object store's address as a browser reaches it.
    var publicEndpoint: String {
        if let named = given(.publicEndpoint) { return named }
        guard store == .aws else { return "http://localhost:5173" }
        guard let awsEndpoint else { return "https://s3.\(region.map { "\($0)." } ?? "")amazonaws.com" }
        return Self.outsideContainers(awsEndpoint)
    }

    /// A browser can't resolve a container's name, but finds its port on the machine that it runs on.
    private static func outsideContainers(_ endpoint: String) -> String {
        guard let parts = URLComponents(string: endpoint), let host = parts.host else { return endpoint }
        let isContainer = host != "localhost" && !host.contains(".") && !host.contains(":")
        guard isContainer else { return endpoint }
        return "http://localhost\(parts.port.map { ":\($0)" } ?? "")"
    }
}
