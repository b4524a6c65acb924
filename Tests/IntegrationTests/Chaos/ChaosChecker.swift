import RenditionCore

/// Judges what a chaos run left behind. It knows nothing of how the faults were made, and needs no store.
struct ChaosChecker {
    /// What may never happen, whatever the faults.
    enum Invariant: String, Sendable, CaseIterable {
        /// Every photo ends active, failed with a reason, or gone, and nothing is owed any more.
        case ends
        /// Every rendition's bytes are those of its record, its recipe and the current original.
        case bytes
        /// Nothing visible goes back to an older fence.
        case fence
        /// No photo is rendered more than once without a fault or a change to blame.
        case once
        /// No photo is taken from a worker, handed back or retried without a fault or a change to blame.
        case blame
        /// No attempt is burnt by an outage.
        case attempts
        /// No object belongs to no photo, and nothing temporary is left.
        case stray
    }

    struct Violation: Sendable, Hashable, CustomStringConvertible {
        var invariant: Invariant
        var photo: String
        var what: String
        var description: String { "\(invariant.rawValue): \(photo) \(what)" }
    }

    let evidence: Evidence
    /// How far the clocks of the test, of the store and of a request in flight may be apart.
    private let slack = Duration.seconds(3)

    init(_ evidence: Evidence) { self.evidence = evidence }

    /// - Returns: none where all is well.
    var violations: [Violation] {
        var found: [Violation] = []
        for (id, photo) in evidence.photos.sorted(by: { $0.key < $1.key }) {
            found += ending(id, photo) + history(id, photo)
        }
        return found + fences + strays
    }

    // MARK: How a photo ends

    private func ending(_ id: String, _ photo: Evidence.Photo) -> [Violation] {
        var found: [Violation] = []
        func wrong(_ invariant: Invariant, _ what: String) {
            found.append(Violation(invariant: invariant, photo: id, what: what))
        }
        let (record, job) = (evidence.records[id], evidence.jobs[id])
        if let job, job.state != .done, job.state != .dead { wrong(.ends, "is \(job.state.rawValue)") }
        if let job, job.state == .done, job.attempts != 0 { wrong(.attempts, "is done with \(job.attempts) attempts") }
        if let error = job?.lastError, job?.state == .dead, error.isOutage || error.code == "poison" {
            wrong(.attempts, "was buried for \(error.code)")
        }
        switch photo.end {
        case .active(let recipe, let checksums):
            guard let record else {
                wrong(.ends, "has no record")
                break
            }
            if job == nil { wrong(.ends, "never was in the queue") }
            guard record.status == PhotoStatus.active else {
                let reason = job?.lastError.map { ": \($0)" } ?? ""
                wrong(.ends, "is \(record.status)\(reason)")
                break
            }
            if record.recipe != recipe { wrong(.bytes, "is of another recipe than it should be") }
            found += shown(id, photo, record, checksums)
        case .failed:
            if record?.status != PhotoStatus.failed {
                wrong(.ends, "is \(record?.status ?? "gone"), and can't be rendered")
            }
            if reason(record) == nil { wrong(.ends, "tells no reason") }
        case .failedOrActive:
            switch record?.status {
            case PhotoStatus.failed: if reason(record) == nil { wrong(.ends, "tells no reason") }
            case PhotoStatus.active: if let record { found += shown(id, photo, record, nil) }
            default: wrong(.ends, "is \(record?.status ?? "gone")")
            }
        case .gone:
            if record != nil { wrong(.ends, "is there again although it was deleted") }
        }
        return found
    }

    private func reason(_ record: PhotoRecord?) -> String? {
        guard let error = record?.attributes["rendition_error"]?.map, let message = error["message"]?.string,
            !message.isEmpty
        else { return nil }
        return message
    }

    /// - Parameter checksums: What the renditions must be; nil where that isn't known.
    private func shown(
        _ id: String, _ photo: Evidence.Photo, _ record: PhotoRecord, _ checksums: [String: String]?
    ) -> [Violation] {
        var found: [Violation] = []
        for size in RenditionSize.all {
            func wrong(_ what: String) {
                found.append(Violation(invariant: .bytes, photo: id, what: "\(size.name) \(what)"))
            }
            guard let stored = evidence.renditions[photo.renditionKey(size)] else {
                wrong("is missing")
                continue
            }
            if let checksums, checksums[size.name] != stored.checksum { wrong("shows something else") }
            if record["\(size.name)_checksum"] != stored.checksum { wrong("isn't what the record says") }
            if stored.metadata["checksum"] != stored.checksum { wrong("is labelled as something else") }
            // A photo that failed over what an unfinished round left has none.
            if let recipe = record.recipe, stored.metadata["recipe"] != recipe {
                wrong("is labelled with another recipe")
            }
            if record["\(size.name)_url"]?.hasSuffix("?v=\(stored.checksum.prefix(8))") != true {
                wrong("has a URL of another version")
            }
        }
        return found
    }

    // MARK: What happened to a photo

    private func history(_ id: String, _ photo: Evidence.Photo) -> [Violation] {
        var found: [Violation] = []
        func wrong(_ invariant: Invariant, _ what: String) {
            found.append(Violation(invariant: invariant, photo: id, what: what))
        }
        var (owner, since) = (String?.none, Timestamp(milliseconds: 0))
        var interruptions = 0
        for event in evidence.histories[id] ?? [] {
            let span = (since + (.zero - slack))...max(since, event.at + slack)
            let place = owner.map { "of \($0)" } ?? "of somebody"
            let isChanged = photo.changes.contains { $0.overlaps(span) }
            switch event.kind {
            case .claimed: (owner, since) = (event.owner, event.at)
            case .reaped:
                interruptions += 1
                if !blames(Self.silences, owner, span) { wrong(.blame, "was taken out of the hands \(place)") }
            case .released:
                interruptions += 1
                if !isChanged, !blames(Self.interruptions, owner, span) {
                    wrong(.blame, "was handed back out of the hands \(place): \(event.detail ?? "")")
                }
            case .retry:
                interruptions += 1
                if event.detail?.hasPrefix("\(RenditionError.Stage.store.rawValue):") == true {
                    wrong(.attempts, "lost an attempt: \(event.detail ?? "")")
                } else if case .active = photo.end, !isChanged, !blames(Self.failures, owner, span) {
                    wrong(.blame, "was retried: \(event.detail ?? "")")
                }
            case .queued, .done, .requeued, .dead, .redriven, .dropped: break
            }
        }
        let renders = evidence.reports.count { $0.photo == id && !$0.renditions.isEmpty }
        if renders > 1 + photo.changes.count + interruptions {
            wrong(
                .once, "was rendered \(renders) times: \(photo.changes.count) changes, \(interruptions) interruptions")
        }
        return found
    }

    /// What keeps a worker from renewing its leases.
    static let silences: Set<Fault.Kind> = [
        .killed, .killPoint, .stopped, .terminated, .partition, .silence, .storeRestarted, .diskFull, .diskReadOnly,
        .diskFailed, .starved,
    ]
    /// What fails one photo at its present try.
    static let failures: Set<Fault.Kind> = [.wrongBytes, .bodyCut, .rendererKilled, .rendererCrashed]
    /// What makes a worker hand a photo back.
    static let interruptions = Set(Fault.Kind.allCases).subtracting([.clock])

    private func blames(_ kinds: Set<Fault.Kind>, _ owner: String?, _ span: ClosedRange<Timestamp>) -> Bool {
        evidence.faults.contains { fault in
            guard kinds.contains(fault.kind), fault.from <= span.upperBound, fault.to >= span.lowerBound else {
                return false
            }
            return fault.worker == nil || owner?.hasPrefix("\(fault.worker ?? ""):") == true
        }
    }

    // MARK: The store as a whole

    private var fences: [Violation] {
        var (highest, told) = ([String: Int](), Set<String>())
        var found: [Violation] = []
        for sighting in evidence.sightings {
            if let known = highest[sighting.subject], known > sighting.fence, told.insert(sighting.subject).inserted {
                found.append(
                    Violation(
                        invariant: .fence, photo: sighting.subject,
                        what: "went from fence \(known) to \(sighting.fence)"))
            }
            highest[sighting.subject] = max(highest[sighting.subject] ?? 0, sighting.fence)
        }
        return found
    }

    private var strays: [Violation] {
        var (renditions, originals) = (Set<String>(), Set<String>())
        for photo in evidence.photos.values where photo.end != .gone {
            originals.insert(photo.key)
            renditions.formUnion(RenditionSize.all.map(photo.renditionKey))
        }
        let strays =
            evidence.renditions.keys.filter { !renditions.contains($0) } + evidence.originals.subtracting(originals)
        return strays.sorted().map { Violation(invariant: .stray, photo: $0, what: "belongs to no photo") }
            + evidence.temporaries.map { Violation(invariant: .stray, photo: $0, what: "was never finished") }
    }
}
