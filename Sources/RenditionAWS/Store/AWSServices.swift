import Foundation
import Logging
import RenditionCore

/// The services of one account over one transport, not yet asked anything.
struct AWSServices: Sendable {
    let transport: HTTPTransport
    let context: AWSContext
    /// The store's own time, learnt from DynamoDB's answers.
    let clock: ServerClock
    let dynamo: DynamoDB
    let streams: DynamoDBStreams
    let s3: S3
    let sts: STS
    let ses: SES

    /// - Parameter maxAttempts: The most attempts at a request; nil for what the environment or each service says.
    init(_ configuration: AWSConfiguration, logger: Logger, maxAttempts: Int? = nil) {
        let environment = configuration.environment
        transport = HTTPTransport(certificates: environment["AWS_CA_BUNDLE"].flatMap { $0.isEmpty ? nil : $0 })
        let clock = ServerClock()
        self.clock = clock
        let credentials = CredentialCache(Self.chain(configuration, transport, clock), logger: logger) {
            clock.now.date
        }
        context = AWSContext(
            transport: transport, credentials: credentials, region: configuration.region, clock: clock,
            maxAttempts: maxAttempts ?? environment["AWS_MAX_ATTEMPTS"].flatMap(Int.init).map { max(1, $0) })
        dynamo = DynamoDB(endpoint: configuration.endpoint(of: "dynamodb", setting: "DYNAMODB"), context: context)
        streams = DynamoDBStreams(
            endpoint: configuration.endpoint(of: "streams.dynamodb", setting: "DYNAMODB_STREAMS"), context: context)
        s3 = S3(
            endpoint: configuration.endpoint(of: "s3", setting: "S3"), addressing: configuration.s3Addressing,
            context: context)
        ses = SES(endpoint: configuration.endpoint(of: "email", setting: "SES"), context: context)
        sts = STS(endpoint: configuration.endpoint(of: "sts", setting: "STS"), context: context)
    }

    /// The chain asks for roles with requests that are signed like all others.
    private static func chain(
        _ configuration: AWSConfiguration, _ transport: HTTPTransport, _ clock: ServerClock
    ) -> CredentialChain {
        CredentialChain(
            CredentialSurroundings(
                environment: configuration.environment, home: NSHomeDirectory(), transport: transport,
                region: configuration.region, now: { clock.now.date }
            ) { request, credentials, region, service in
                guard case .bytes(let body) = request.body else { return request }
                return SigV4Signer(region: region, service: service).sign(
                    request, payload: .hash(Checksum.sha256(body)), with: credentials, at: clock.now.date)
            })
    }
}
