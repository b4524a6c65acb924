/// A photo that a ``ChosenStore`` is to hand out.
package struct ChosenPhoto: Sendable, Hashable {
    package var photo: PhotoRef
    /// Where it is queued, should this process lose it.
    package var lane: LaneClass
    /// What its worker is told.
    package var note: JobNote
    /// Whether it waits in the queue already and is only to be claimed.
    package var isQueued: Bool
    /// Whether it was claimed before in vain: it is handed out alone then.
    package var isSuspect: Bool

    package init(
        _ photo: PhotoRef, lane: LaneClass = .batch, note: JobNote = .none, isQueued: Bool = false,
        isSuspect: Bool = false
    ) {
        self.photo = photo
        self.lane = lane
        self.note = note
        self.isQueued = isQueued
        self.isSuspect = isSuspect
    }
}

/// How a chosen photo ended.
package enum ChosenEnd: Sendable, Hashable {
    /// Its renditions are current.
    case done
    /// It is a dead letter.
    case failed(RenditionError?)
    /// It was taken out of the queue, its work undone.
    case dropped

    /// How a photo ended by its row; nil while it is owed.
    package init?(_ job: Job?) {
        switch job?.state {
        case .done?: self = job?.doneAt == nil ? .dropped : .done
        case .dead?: self = .failed(job?.lastError)
        case nil: self = .dropped
        case .queued?, .leased?: return nil
        }
    }
}
