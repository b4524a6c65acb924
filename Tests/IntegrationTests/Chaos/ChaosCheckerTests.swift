import RenditionCore
import Testing

/// The checker finds each kind of violation where there is one, and none where there is none.
@Suite("The chaos suite's checker")
struct ChaosCheckerTests {
    private static let worker = "host:1:abcd"

    /// A run of one photo that went well.
    private var good: Evidence {
        let key = "g/p_x.jpg"
        var photo = Evidence.Photo(end: .gone, galleryID: "g", key: key)
        var attributes: [String: RecordValue] = [
            "id": .string("p"), "status": .string(PhotoStatus.active), "renditions_recipe": .string("r"),
        ]
        var evidence = Evidence()
        var checksums: [String: String] = [:]
        for size in RenditionSize.all {
            let sum = Checksum.sha256(size.name)
            checksums[size.name] = sum
            attributes["\(size.name)_checksum"] = .string(sum)
            attributes["\(size.name)_url"] = .string("https://x/\(size.name).jpg?v=\(sum.prefix(8))")
            evidence.renditions[photo.renditionKey(size)] = Evidence.Stored(
                checksum: sum, metadata: ["checksum": sum, "recipe": "r"])
        }
        photo.end = .active(recipe: "r", checksums: checksums)
        evidence.photos["p"] = photo
        evidence.records["p"] = PhotoRecord(attributes: attributes)
        evidence.jobs["p"] = job(.done)
        evidence.histories["p"] = [event(.queued, 0), event(.claimed, 1000, Self.worker), event(.done, 2000)]
        evidence.originals = [key]
        evidence.sightings = [1, 1, 2].map { .init(subject: "p", fence: $0) }
        evidence.reports = [report]
        return evidence
    }

    private func job(_ state: Job.State, attempts: Int = 0, error: RenditionError? = nil) -> Job {
        Job(
            photo: PhotoRef(id: "p", galleryID: "g"), state: state, lane: .fresh, generation: 1, fence: 1,
            attempts: attempts, owner: nil, dueAt: nil, enqueuedAt: Timestamp(milliseconds: 0), doneAt: nil,
            doneRecipe: nil, lastError: error)
    }

    private func event(_ kind: JobEvent.Kind, _ at: Int64, _ owner: String? = nil, _ detail: String? = nil) -> JobEvent
    {
        JobEvent(at: Timestamp(milliseconds: at), kind: kind, owner: owner, attempt: 1, detail: detail)
    }

    private var report: PhotoReport {
        var report = PhotoReport(photo: "p", gallery: "g", filename: "x.jpg", attempt: 1, outcome: .done)
        let pixels = PixelSize(width: 1, height: 1)
        report.renditions = [.init(Rendition(size: .small, pixels: pixels, bytes: [1], checksum: ""))]
        return report
    }

    private func fault(_ kind: Fault.Kind, at: Int64, worker: String? = "host:1") -> Fault {
        Fault(
            kind: kind, worker: worker, from: Timestamp(milliseconds: at), to: Timestamp(milliseconds: at))
    }

    private func invariants(_ evidence: Evidence) -> [ChaosChecker.Invariant] {
        ChaosChecker(evidence).violations.map(\.invariant)
    }

    @Test func aGoodRunHasNone() { #expect(ChaosChecker(good).violations == []) }

    @Test func aPhotoThatNeverEnds() {
        var evidence = good
        evidence.jobs["p"] = job(.leased)
        #expect(invariants(evidence) == [.ends])
        evidence = good
        evidence.records["p"]?.attributes["status"] = .string(PhotoStatus.processing)
        #expect(invariants(evidence) == [.ends])
        evidence = good
        evidence.records["p"] = nil
        #expect(invariants(evidence) == [.ends])
    }

    @Test func aFailureWithoutAReason() {
        var evidence = good
        evidence.photos["p"]?.end = .failed
        evidence.records["p"]?.attributes["status"] = .string(PhotoStatus.failed)
        #expect(invariants(evidence) == [.ends])
        evidence.records["p"]?.attributes["rendition_error"] = .map(["message": .string("It is no photo.")])
        #expect(invariants(evidence) == [])
    }

    @Test func aDeletedPhotoThatIsBack() {
        var evidence = good
        evidence.photos["p"]?.end = .gone
        evidence.renditions = [:]
        evidence.originals = []
        #expect(invariants(evidence) == [.ends])
    }

    @Test func bytesOfSomethingElse() {
        var evidence = good
        let key = "renditions/g/p_x_small.jpg"
        evidence.renditions[key]?.checksum = Checksum.sha256("another")
        #expect(invariants(evidence) == [.bytes, .bytes, .bytes, .bytes])
        evidence = good
        evidence.renditions[key] = nil
        #expect(invariants(evidence) == [.bytes])
        evidence = good
        evidence.renditions[key]?.metadata["recipe"] = "another"
        #expect(invariants(evidence) == [.bytes])
    }

    @Test func anOriginalThatIsNotTheCurrentOne() {
        var evidence = good
        guard case .active(_, let sums)? = evidence.photos["p"]?.end else { return }
        evidence.photos["p"]?.end = .active(recipe: "another", checksums: sums)
        #expect(invariants(evidence) == [.bytes])
        evidence.photos["p"]?.end = .active(recipe: "r", checksums: sums.mapValues { _ in "another" })
        #expect(invariants(evidence) == [.bytes, .bytes, .bytes, .bytes])
    }

    @Test func aFenceThatGoesBack() {
        var evidence = good
        evidence.sightings.append(.init(subject: "p", fence: 1))
        #expect(invariants(evidence) == [.fence])
    }

    @Test func aSecondRenderingWithNothingToBlame() {
        var evidence = good
        evidence.reports.append(report)
        #expect(invariants(evidence) == [.once])
        let change = Timestamp(milliseconds: 1500)
        evidence.photos["p"]?.changes = [change...change]
        #expect(invariants(evidence) == [])
    }

    @Test func aPhotoThatIsTakenFromALivingWorker() {
        var evidence = good
        evidence.histories["p"]?.insert(event(.reaped, 1500), at: 2)
        #expect(invariants(evidence) == [.blame])
        evidence.faults = [
            fault(.killed, at: 1200, worker: "host:2"), fault(.killed, at: 90_000), fault(.replyLost, at: 1200),
        ]
        #expect(invariants(evidence) == [.blame], "another's fault, a later one, and one that silences nobody")
        evidence.faults.append(fault(.killed, at: 1200))
        #expect(invariants(evidence) == [])
    }

    @Test func anAttemptBurntByAnOutage() {
        var evidence = good
        evidence.histories["p"]?.insert(event(.retry, 1500, nil, "store: DynamoDB can't be reached."), at: 2)
        evidence.faults = [fault(.error500, at: 1200)]
        #expect(invariants(evidence) == [.attempts])
        evidence = good
        evidence.jobs["p"] = job(.done, attempts: 1)
        #expect(invariants(evidence) == [.attempts])
        evidence = good
        evidence.jobs["p"] = job(.dead, error: Settlement.poison(attempts: 6))
        #expect(invariants(evidence) == [.attempts])
    }

    @Test func whatBelongsToNobody() {
        var evidence = good
        evidence.renditions["renditions/g/q_y_small.jpg"] = Evidence.Stored(checksum: "", metadata: [:])
        evidence.originals.insert("g/q_y.jpg")
        evidence.temporaries = ["tmp/x/y"]
        #expect(invariants(evidence) == [.stray, .stray, .stray])
    }
}
