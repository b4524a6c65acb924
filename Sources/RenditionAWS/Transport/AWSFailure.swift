import Foundation
import NIOHTTP1
import RenditionCore

/// A request that a service refused, or that got no whole answer.
package struct AWSFailure: Error, Sendable {
    /// How the failure bears on trying again.
    package enum Kind: Sendable {
        /// Too many requests; the service asks for patience.
        case throttled
        /// The network's or the service's; the same request may succeed.
        case transient
        /// The request's own; it will fail again.
        case final
    }

    /// Service and operation, such as `DynamoDB UpdateItem`.
    package var call: String
    /// What it was about: a table, or bucket and key.
    package var subject: String
    /// nil where no answer came.
    package var status: Int?
    /// The service's own word, such as `ConditionalCheckFailedException`.
    package var code: String
    package var message: String
    package var requestID: String?
    package var kind: Kind
    /// Whether the service may have carried the request out all the same.
    package var mayHaveHappened: Bool
    /// The item as it was before, where the service sent it along with a refused condition.
    package var item: [String: RecordValue]?

    package init(
        call: String, subject: String, status: Int? = nil, code: String, message: String, requestID: String? = nil,
        kind: Kind, mayHaveHappened: Bool = false, item: [String: RecordValue]? = nil
    ) {
        self.call = call
        self.subject = subject
        self.status = status
        self.code = code
        self.message = message
        self.requestID = requestID
        self.kind = kind
        self.mayHaveHappened = mayHaveHappened
        self.item = item
    }
}

extension AWSFailure: CustomStringConvertible {
    package var description: String {
        let cause = [status.map(String.init), code.isEmpty ? nil : code].compactMap { $0 }.joined(separator: " ")
        let id = requestID.map { ", request \($0)" } ?? ""
        return "\(call) of \(subject): \(cause)\(message.isEmpty ? "" : ": \(message)")\(id)"
    }
}

extension AWSFailure {
    /// The codes that ask for patience (AWS SDKs and Tools Reference Guide, "Retry behavior").
    private static let throttling: Set<String> = [
        "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottledException",
        "TooManyRequestsException", "ProvisionedThroughputExceededException", "TransactionInProgressException",
        "RequestLimitExceeded", "BandwidthLimitExceeded", "LimitExceededException", "RequestThrottled", "SlowDown",
        "PriorRequestNotComplete", "EC2ThrottledException",
    ]
    private static let transient: Set<String> = [
        "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalServerError", "ServiceUnavailable",
    ]
    /// The codes of a clock that is off; the answer's date sets it right.
    private static let skewed: Set<String> = [
        "RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture", "InvalidSignatureException",
        "SignatureDoesNotMatch",
    ]
    private static let expired: Set<String> = ["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"]

    /// The codes that speak of the account, the bucket or the region, and never of one object.
    private static let everybodys: Set<String> = [
        "NoSuchBucket", "InvalidAccessKeyId", "SignatureDoesNotMatch", "AllAccessDisabled", "PermanentRedirect",
        "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301",
    ]
    var isEverybodys: Bool { Self.everybodys.contains(code) || isExpiredToken || mayBeSkew }

    /// What kind of failure an answer is.
    package static func kind(status: Int, code: String) -> Kind {
        if throttling.contains(code) || status == 429 { return .throttled }
        if transient.contains(code) || [500, 502, 503, 504].contains(status) { return .transient }
        return .final
    }

    /// Whether the signature's time may be to blame.
    package var mayBeSkew: Bool { Self.skewed.contains(code) }
    package var isExpiredToken: Bool { Self.expired.contains(code) }

    /// A failure to get an answer at all.
    package init(_ error: TransportError, call: String, subject: String) {
        switch error {
        case .unreachable(let text):
            self.init(call: call, subject: subject, code: "Unreachable", message: text, kind: .transient)
        case .timedOut(let text):
            self.init(
                call: call, subject: subject, code: "TimedOut", message: text, kind: .transient, mayHaveHappened: true)
        case .broken(let text):
            self.init(
                call: call, subject: subject, code: "Broken", message: text, kind: .transient, mayHaveHappened: true)
        case .tooLong(let bytes):
            self.init(call: call, subject: subject, code: "TooLong", message: "\(bytes) bytes", kind: .final)
        case .unreadable(let text):
            self.init(call: call, subject: subject, code: "Unreadable", message: text, kind: .final)
        }
    }
}

extension AWSFailure {
    /// The failure as one photo's, where the service refuses this object and no other.
    package func photoError(_ stage: RenditionError.Stage) -> RenditionError {
        RenditionError(
            code: "object_refused", stage: stage, retriable: true,
            message: "This photo's file can't be read or stored on our side. It will be tried again.",
            detail: description)
    }

    /// The failure as the worker's: the store's, with the remedy.
    package var renditionError: RenditionError {
        let (name, remedy) =
            switch code {
            case _ where isKeptPrivate:
                (
                    "kept_private",
                    "Block Public Access of the account keeps \(subject) private. Turn it off there, or set CDN_DOMAIN."
                )
            case _ where isDenied:
                ("access_denied", "These credentials may not do this. Allow it in IAM: \(missingAction) on \(subject).")
            case "ResourceNotFoundException":
                ("no_table", "There is no such table or index: \(subject). `renditions setup` makes what is missing.")
            case "NoSuchBucket":
                ("no_bucket", "There is no such bucket: \(subject). Check S3_PHOTOS_BUCKET and S3_RENDITIONS_BUCKET.")
            case "BucketAlreadyExists":
                (
                    "no_bucket",
                    "The bucket \(subject) is somebody else's. Name one of your own with S3_PHOTOS_BUCKET or "
                        + "S3_RENDITIONS_BUCKET."
                )
            case "InvalidAccessKeyId", "UnrecognizedClientException", "InvalidClientTokenId":
                ("bad_credentials", "The access key is not known there. Check AWS_ACCESS_KEY_ID, or the profile.")
            case "SignatureDoesNotMatch", "InvalidSignatureException":
                ("bad_credentials", "The secret key is not that of the access key. Check AWS_SECRET_ACCESS_KEY.")
            case "ExpiredToken", "ExpiredTokenException":
                ("expired_credentials", "The credentials have expired. Renew them; the work resumes by itself.")
            case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301":
                ("wrong_region", "The bucket is in another region. Check AWS_REGION.")
            case "Unreachable", "TimedOut", "Broken":
                ("unreachable", "S3 or DynamoDB can't be reached. Check AWS_ENDPOINT_URL and the network.")
            default: ("store_error", "S3 or DynamoDB failed.")
            }
        return RenditionError(
            code: name, stage: .store, retriable: true, message: remedy, detail: description)
    }
}
