import RenditionAWS
import RenditionCore
import RenditionTestKit
import Testing

/// A step of a worker's work, as it shows in its requests to S3 and DynamoDB.
enum WorkerStep: String, Sendable, CustomTestStringConvertible {
    case adoption, claim, renewal, finish, failure, burial
    case originalGet, originalHead, renditionHead, renditionPut, commit
    /// Asking for the housekeeper's office, taking it, keeping it or giving it up; looking for new photos in the index.
    case inquiry, election, office, look
    /// Looking for work in the index, where the office shows too.
    case scan

    var testDescription: String { rawValue }

    /// nil where the request is none of these.
    init?(_ seen: FaultProxy.Seen, on platform: AWSPlatform) {
        let (tables, buckets) = (platform.tables, platform.buckets)
        let isOriginal = seen.path.hasPrefix("/\(buckets.photos)/")
        let isRendition = seen.path.hasPrefix("/\(buckets.renditions)/")
        func isOn(_ table: String) -> Bool { seen.body.contains("\"\(table)\"") }
        switch seen.target ?? seen.method {
        case "HEAD" where isOriginal: self = .originalHead
        case "HEAD" where isRendition: self = .renditionHead
        case "GET" where isOriginal: self = .originalGet
        case "PUT" where isRendition: self = .renditionPut
        case "Query" where seen.body.contains("StatusIndex"): self = .look
        case "Scan" where isOn(tables.jobs): self = .scan
        case "GetItem" where seen.body.contains("~housekeeper"): self = .inquiry
        case "PutItem" where isOn(tables.jobs): self = .adoption
        case "UpdateItem" where isOn(tables.photos): self = .commit
        case "UpdateItem" where isOn(tables.jobs): self.init(changeOfJob: seen.body)
        default: return nil
        }
    }

    /// Tells a change of the side table by what it sets.
    private init?(changeOfJob body: String) {
        if body.contains("~housekeeper") {
            self = body.contains("attribute_not_exists") ? .election : .office
        } else if body.contains(#""done_fence""#) {
            self = .finish
        } else if body.contains(#"{"S":"dead"}"#) {
            self = .burial
        } else if body.contains(#"{"S":"leased"}"#) {
            self = .claim
        } else if body.contains(#""last_error""#) {
            self = .failure
        } else if !body.contains(#""log""#) {
            self = .renewal
        } else {
            return nil
        }
    }
}
