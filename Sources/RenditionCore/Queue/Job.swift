/// What names a photo in the queue.
package struct PhotoRef: Sendable, Hashable, Codable {
    package var id: String
    package var galleryID: String

    package init(id: String, galleryID: String) {
        self.id = id
        self.galleryID = galleryID
    }
}

/// A photo's row in the queue, as an operator sees it.
package struct Job: Sendable, Hashable, Codable {
    package enum State: String, Sendable, Codable {
        case queued, leased, done, dead
    }

    package var photo: PhotoRef
    package var state: State
    /// The class in which the photo was last queued.
    package var lane: LaneClass
    /// How often the photo was queued; a change during a lease asks for another round.
    package var generation: Int
    /// How often the photo was claimed, ever. It only grows, and orders all that claims publish.
    package var fence: Int
    /// Claims since the work was last begun anew.
    package var attempts: Int
    package var owner: String?
    /// When the job may be claimed, or when its lease expires; nil while nothing is owed.
    package var dueAt: Timestamp?
    package var enqueuedAt: Timestamp
    package var doneAt: Timestamp?
    package var doneRecipe: String?
    package var lastError: RenditionError?
    /// What the next claim is told, or the present one was.
    package var note: JobNote

    package init(
        photo: PhotoRef, state: State, lane: LaneClass, generation: Int, fence: Int, attempts: Int, owner: String?,
        dueAt: Timestamp?, enqueuedAt: Timestamp, doneAt: Timestamp?, doneRecipe: String?, lastError: RenditionError?,
        note: JobNote = .none
    ) {
        self.note = note
        self.photo = photo
        self.state = state
        self.lane = lane
        self.generation = generation
        self.fence = fence
        self.attempts = attempts
        self.owner = owner
        self.dueAt = dueAt
        self.enqueuedAt = enqueuedAt
        self.doneAt = doneAt
        self.doneRecipe = doneRecipe
        self.lastError = lastError
    }
}

/// The right to work on a photo until it expires.
package struct Lease: Sendable, Hashable {
    package let photo: PhotoRef
    /// Fresh for each claim; every later operation is conditional on it.
    package let token: String
    /// The claim's number among all claims of this photo.
    package let fence: Int
    /// The row's generation when it was claimed.
    package let generation: Int
    /// Claims since the work was last begun anew, this one included.
    package let attempts: Int
    /// The class to which the photo returns when this claim fails.
    package let lane: LaneClass
    package let enqueuedAt: Timestamp
    /// The code of the failure with which an earlier claim of this round ended; nil where none did.
    package let lastFailure: String?
    package let note: JobNote

    /// Whether an earlier claim of this round came to nothing: its worker failed, or died.
    package var wasClaimedBefore: Bool { attempts > 1 }

    package init(
        photo: PhotoRef, token: String, fence: Int, generation: Int, attempts: Int, lane: LaneClass,
        enqueuedAt: Timestamp, lastFailure: String? = nil, note: JobNote = .none
    ) {
        self.photo = photo
        self.note = note
        self.lastFailure = attempts > 1 ? lastFailure : nil
        self.token = token
        self.fence = fence
        self.generation = generation
        self.attempts = attempts
        self.lane = lane
        self.enqueuedAt = enqueuedAt
    }
}

/// Something that happened to a photo's job.
package struct JobEvent: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Codable {
        case queued, claimed, done, requeued, retry, dead, released, reaped, redriven, dropped
    }

    package var at: Timestamp
    package var kind: Kind
    /// The worker that acted; nil where it was none.
    package var owner: String?
    package var attempt: Int
    package var detail: String?

    package init(at: Timestamp, kind: Kind, owner: String?, attempt: Int, detail: String?) {
        self.at = at
        self.kind = kind
        self.owner = owner
        self.attempt = attempt
        self.detail = detail
    }
}

/// A photo that the queue gave up.
package struct DeadLetter: Sendable, Hashable, Codable {
    package var photo: PhotoRef
    package var since: Timestamp
    /// Claims of the round that ended so.
    package var attempts: Int
    /// The worker that claimed it last; nil where the store has forgotten.
    package var lastOwner: String?
    package var error: RenditionError?

    package init(photo: PhotoRef, since: Timestamp, attempts: Int, lastOwner: String?, error: RenditionError?) {
        self.photo = photo
        self.since = since
        self.attempts = attempts
        self.lastOwner = lastOwner
        self.error = error
    }

    /// - Parameter job: A dead letter's row, which stands in its lane since it died.
    package init(_ job: Job, lastOwner: String?) {
        self.init(
            photo: job.photo, since: job.dueAt ?? job.enqueuedAt, attempts: job.attempts, lastOwner: lastOwner,
            error: job.lastError)
    }
}

/// How much work stands where.
package struct QueueDepth: Sendable, Hashable, Codable {
    /// May be claimed now.
    package var due = 0
    /// Waits for its time, after a failure.
    package var delayed = 0
    /// In some worker's hands.
    package var leased = 0
    /// Dead letters.
    package var dead = 0
    /// When the next delayed job or lease comes due.
    package var nextDue: Timestamp?
    /// What waits in each lane, due or delayed.
    package var waiting: [LaneClass: Int] = [:]
    /// Since when the work that has been due the longest could have been claimed; nil where none is due.
    package var oldestDue: Timestamp?

    package init() {}

    /// Work that is still to be done by somebody.
    package var owed: Int { due + delayed + leased }
}
