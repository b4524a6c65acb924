import Foundation

/// The settings of a worker.
package struct WorkerConfiguration: Sendable {
    /// Names this worker in leases and history.
    package var owner: String
    /// Photos rendered at once; by default the number of cores.
    package var renderWidth: Int
    /// Memory that photos in hand may be expected to need, in bytes.
    package var memoryBudget: Int
    /// The most photos in hand, where memory allows more.
    package var mostInHand = Int.max
    /// How long a claim lasts without a renewal.
    package var lease: Duration
    /// How often a lease is renewed.
    package var heartbeat: Duration
    /// How long without a renewal until the worker itself gives a photo up; shorter than the lease.
    package var abortAfter: Duration
    /// How long photos in hand may take to finish after a stop was asked for.
    package var grace: Duration
    /// The claim whose failure is the last.
    package var maxAttempts: Int
    package var retry: Backoff
    /// How often to look into an empty queue; nil leaves it to the store.
    package var idle: IdlePace?
    /// How long nothing is taken to have happened when the worker starts.
    package var silence: Duration
    package var limits: RenderLimits
    /// How photos are rendered, but for what their photographers chose.
    package var instructions: RenderInstructions
    package var urls: PublicURLs
    /// Whether to return when no work is owed any more.
    package var drain: Bool

    package init(
        owner: String = WorkerConfiguration.defaultOwner(),
        renderWidth: Int = ProcessInfo.processInfo.activeProcessorCount,
        memoryBudget: Int = 512 << 20,
        lease: Duration = .seconds(30),
        heartbeat: Duration = .seconds(10),
        abortAfter: Duration = .seconds(24),
        grace: Duration = .seconds(20),
        maxAttempts: Int = 5,
        retry: Backoff = .retry,
        idle: IdlePace? = nil,
        silence: Duration = IdlePace.silenceAtStart,
        limits: RenderLimits = RenderLimits(),
        instructions: RenderInstructions = RenderInstructions(),
        urls: PublicURLs,
        drain: Bool = false
    ) {
        self.owner = owner
        self.renderWidth = renderWidth
        self.memoryBudget = memoryBudget
        self.lease = lease
        self.heartbeat = heartbeat
        self.abortAfter = abortAfter
        self.grace = grace
        self.maxAttempts = maxAttempts
        self.retry = retry
        self.idle = idle
        self.silence = silence
        self.limits = limits
        self.instructions = instructions
        self.urls = urls
        self.drain = drain
    }

    /// Takes up what may change while a worker runs: what is decided photo by photo, and how long the end may take. Owner,
    /// threads, memory, leases and `drain` stay.
    package mutating func takeUp(_ other: WorkerConfiguration) {
        grace = other.grace
        maxAttempts = other.maxAttempts
        retry = other.retry
        limits = other.limits
        instructions = other.instructions
        urls = other.urls
    }

    /// The memory budget in which so many photos of 24 megapixels find room at once, whatever their records let expect.
    package static func memoryBudget(for photos: Int) -> Int { photos * PhotoHandler.typicalCost * 3 / 2 }

    /// `host:pid:xxxx`, different for every worker that ever runs.
    package static func defaultOwner() -> String {
        let process = ProcessInfo.processInfo
        return "\(process.hostName):\(process.processIdentifier):\(UUID().uuidString.prefix(4).lowercased())"
    }
}
