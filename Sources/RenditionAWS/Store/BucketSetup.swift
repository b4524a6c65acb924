import RenditionCore

/// Makes buckets where they are missing, keeps originals private, lets browsers read renditions, and adds what a frontend
/// needs to the rules for browsers. What others set up is added to and never replaced.
struct BucketSetup: Sendable {
    let s3: S3
    let region: String
    let isDry: Bool
    let tell: @Sendable (String) -> Void

    /// Makes a bucket where there is none.
    ///
    /// - Returns: Whether it is there now, which it isn't after a dry run.
    func make(_ bucket: String) async throws -> Bool {
        switch try await s3.state(of: bucket) {
        case .there:
            tell("the bucket \(bucket) is there")
            return true
        case .absent where isDry:
            tell("would make the bucket \(bucket) in \(region)")
            return false
        case .absent:
            tell(try await create(bucket) ? "made the bucket \(bucket) in \(region)" : "the bucket \(bucket) is there")
            return true
        case .elsewhere:
            throw RenditionError(
                code: "wrong_region", stage: .store, retriable: false,
                message: "The bucket \(bucket) is in another region than \(region). Check AWS_REGION.")
        case .forbidden:
            throw RenditionError(
                code: "access_denied", stage: .store, retriable: false,
                message: "The bucket \(bucket) is there, and is somebody else's, or these credentials may not list it: "
                    + "name one of your own, or allow s3:ListBucket on \(bucket) in IAM.")
        }
    }

    private func create(_ bucket: String) async throws -> Bool {
        for _ in 0..<10 {
            do {
                return try await s3.create(bucket)
            } catch let failure as AWSFailure where failure.code == "OperationAborted" {
                // Another setup is making it at this moment.
                try await Task.sleep(for: .milliseconds(500))
            }
        }
        return try await s3.create(bucket)
    }

    /// Has the bucket kept from the public, whatever a policy or a list of rights says.
    func close(_ bucket: String, isThere: Bool) async throws {
        let present = isThere ? try await s3.publicAccessBlock(of: bucket) : nil
        if present == .all { return tell("the public is kept out of \(bucket)") }
        if isDry { return tell("would keep the public out of \(bucket) (Block Public Access)") }
        try await s3.setPublicAccessBlock(.all, of: bucket)
        tell("keeps the public out of \(bucket) (Block Public Access)")
    }

    /// Lets everybody read what lies below `renditions/`, and nothing else.
    func open(_ bucket: String, isThere: Bool) async throws {
        var block = isThere ? try await s3.publicAccessBlock(of: bucket) : .all
        let policy = isThere ? try await s3.policy(of: bucket) : nil
        let isOpen = try BucketPolicy.letsEverybodyRead(bucket, region: region, policy)
        let isBlocked = block?.blocksPolicies == true || block?.restrictsBuckets == true
        if isOpen, !isBlocked { return tell("everybody may read \(bucket)/renditions/*") }
        let kept = policy == nil ? "" : "; the rest of its policy stays"
        if isDry { return tell("would let everybody read \(bucket)/renditions/*\(kept)") }
        if isBlocked {
            block?.blocksPolicies = false
            block?.restrictsBuckets = false
            if let block { try await s3.setPublicAccessBlock(block, of: bucket) }
        }
        if !isOpen {
            try await s3.setPolicy(
                try BucketPolicy.lettingEverybodyRead(bucket, region: region, policy), of: bucket)
        }
        tell("lets everybody read \(bucket)/renditions/*\(kept)")
    }

    /// Adds a rule for browsers, unless those that are there allow the same.
    func allow(_ pages: CrossOrigin, in bucket: String, isThere: Bool) async throws {
        let rules = isThere ? try await s3.corsRules(of: bucket) : []
        let (methods, place) = (pages.methods.joined(separator: ", "), "in \(bucket)")
        if pages.isAllowed(by: rules) { return tell("pages of \(pages.origin) may \(methods) \(place)") }
        let kept = rules.isEmpty ? "" : "; \(rules.count) other \(rules.count == 1 ? "rule stays" : "rules stay")"
        if isDry { return tell("would let pages of \(pages.origin) \(methods) \(place)\(kept)") }
        try await s3.setCORSRules(pages.added(to: rules), of: bucket)
        tell("lets pages of \(pages.origin) \(methods) \(place)\(kept)")
    }
}
