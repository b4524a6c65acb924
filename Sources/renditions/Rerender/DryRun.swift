import Foundation
import RenditionAWS
import RenditionCore

/// Reckons what a run would take, without queueing or writing anything.
///
/// It goes through the photos as the run would and counts these requests as they are made; then it follows, in thought, each
/// photo's way. What it asks for beyond the run's own requests isn't counted.
struct DryRun {
    let selection: PhotoSelection
    let store: any PhotoStore
    let settings: Settings
    /// CPU seconds a megapixel, and where that is from.
    let pace: RenderPace
    /// Whether the run would follow the queue.
    let isFollowed: Bool

    private var plan: RerenderPlan { selection.plan }
    private var aws: AWSStore? { store as? AWSStore }

    func estimate() async throws -> RunEstimate {
        var estimate = RunEstimate(pace: pace, isFollowed: isFollowed)
        // Of photos in this process all requests count; of others, what this command makes and what workers make are apart.
        var own = aws.map(RequestForecast.init)
        var workers = aws.map(RequestForecast.init)
        var asides: [String: RequestMeter.Count] = [:]
        let currency = Currency(objects: store.objects, renderer: selection.renderer)
        try await selection.run { photos in
            if plan.now {
                for photo in photos { _ = try await selection.photographers.instructions(for: photo.record) }
            }
            let before = aws?.meter.counts ?? [:]
            for photo in photos {
                let instructions = try await selection.photographers.instructions(for: photo.record)
                let look = try await currency.look(photo.record, instructions ?? selection.instructions)
                let recipe = try await recipe(of: photo.record, look, currency, instructions ?? selection.instructions)
                let expected = ExpectedRendition.all(of: photo.record, selection.instructions)
                let isCurrent = !plan.rendersCurrent && look.isCurrent
                estimate.add(photo.record, expected, isCurrent: isCurrent)
                guard own != nil else { continue }
                let forecast = RequestForecast.Photo(
                    record: photo.record, job: photo.job, look: plan.rendersCurrent ? nil : look,
                    staysSame: recipe != nil && recipe == photo.record.recipe, files: expected.count,
                    hasUser: try await hasUser(photo.record), hasLogo: instructions?.watermark?.logo != nil)
                let waits = photo.job?.state == .queued && !plan.rendersCurrent
                if !waits { own?.queue(photo.job) }
                if plan.now {
                    try await own?.claim(forecast)
                    try await own?.handle(forecast)
                } else {
                    try await workers?.handle(forecast)
                }
            }
            asides.add(aws?.meter.counts(since: before) ?? [:])
        }
        if let aws, let own {
            var counted = aws.meter.counts
            counted.subtract(asides)
            // An answer that was long in coming is asked for again, which nobody can foresee.
            counted = counted.mapValues { count in
                RequestMeter.Count(requests: count.requests - count.retries, units: count.units)
            }
            counted.add(own.counts)
            estimate.requests = counted.filter { $0.value.requests > 0 }
            estimate.workerRequests = plan.now ? nil : workers?.counts
        }
        estimate.price(settings)
        return estimate
    }

    private func recipe(
        of record: PhotoRecord, _ look: Currency.Look, _ currency: Currency, _ instructions: RenderInstructions
    ) async throws -> String? {
        if let recipe = look.recipe { return recipe }
        return record.recipe == nil ? nil : try await currency.recipe(of: record, instructions)
    }

    private func hasUser(_ record: PhotoRecord) async throws -> Bool {
        guard let user = record.userID else { return false }
        return try await store.records.photographer(user) != nil
    }
}

extension [String: RequestMeter.Count] {
    mutating func add(_ others: Self) {
        for (call, count) in others {
            self[call, default: RequestMeter.Count()].requests += count.requests
            self[call]?.retries += count.retries
            self[call]?.units += count.units
        }
    }

    mutating func subtract(_ others: Self) {
        for (call, count) in others {
            self[call]?.requests -= count.requests
            self[call]?.retries -= count.retries
            self[call]?.units -= count.units
        }
    }
}
