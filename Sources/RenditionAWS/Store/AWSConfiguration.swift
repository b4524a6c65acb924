import RenditionCore

/// Which AWS, or which emulator, and what in it.
package struct AWSConfiguration: Sendable {
    /// An emulator's address for all services; nil for AWS itself.
    package var endpoint: Endpoint?
    package var region: String
    package var tables: TableNames
    package var buckets: BucketNames
    /// nil chooses by the endpoint: path-style for an emulator, virtual-host for AWS.
    package var addressing: S3.Addressing?
    package var feed: FeedKind
    /// nil where nobody is told by mail.
    package var mail: MailConfiguration?
    /// Names this process in leases.
    package var owner: String
    /// How long the worker that keeps house may be silent before another takes its place.
    package var officeLease: Duration
    /// How long nothing is taken to have happened when the store is opened.
    package var silence: Duration
    /// The process environment, for the credential chain and for addresses of single services.
    package var environment: [String: String]

    package init(
        endpoint: Endpoint? = nil, region: String, tables: TableNames, buckets: BucketNames,
        addressing: S3.Addressing? = nil, feed: FeedKind = .poll,
        mail: MailConfiguration? = nil, owner: String, officeLease: Duration = .seconds(15),
        silence: Duration = IdlePace.silenceAtStart,
        environment: [String: String] = [:]
    ) {
        self.endpoint = endpoint
        self.region = region
        self.tables = tables
        self.buckets = buckets
        self.addressing = addressing
        self.feed = feed
        self.mail = mail
        self.owner = owner
        self.officeLease = officeLease
        self.silence = silence
        self.environment = environment
    }

    /// Where a service listens: its own address where one is set, the common one, or AWS's for the region.
    ///
    /// Source: AWS SDKs and Tools Reference Guide, "Service-specific endpoints".
    ///
    /// - Parameters:
    ///   - host: The service's part of its host name on AWS, such as `streams.dynamodb`.
    ///   - setting: The service's part of its variable's name, such as `DYNAMODB_STREAMS`.
    package func endpoint(of host: String, setting: String) -> Endpoint {
        if let own = environment["AWS_ENDPOINT_URL_\(setting)"].flatMap(Endpoint.init) { return own }
        // China's regions are a partition with a domain of its own.
        let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
        return endpoint ?? Endpoint(host: "\(host).\(region).\(domain)")
    }

    /// How buckets are named: as was said, or as the endpoint suggests.
    package var s3Addressing: S3.Addressing {
        if let addressing { return addressing }
        let isEmulator = endpoint != nil || environment["AWS_ENDPOINT_URL_S3"].flatMap(Endpoint.init) != nil
        // A bucket's name with dots in it fits no certificate.
        let hasDots = Bucket.allCases.contains { buckets[$0].contains(".") }
        return isEmulator || hasDots ? .path : .virtual
    }
}

/// The environment holds secrets, and is left out.
extension AWSConfiguration: CustomStringConvertible, CustomReflectable {
    package var description: String { "AWSConfiguration(\(endpoint?.text ?? "AWS"), \(region))" }

    package var customMirror: Mirror {
        Mirror(self, children: ["endpoint": endpoint?.text ?? "AWS", "region": region, "owner": owner])
    }
}
