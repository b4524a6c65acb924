/// Everything that lasts: the queue, the records and the objects. It decides nothing.
package protocol PhotoStore: Sendable {
    var queue: any JobQueue { get }
    var records: any PhotoRecords { get }
    var objects: any ObjectStore { get }
    /// The time in which leases are measured.
    var clock: any StoreClock { get }
    /// Wakes this machine's workers when a photo was queued.
    var doorbell: Doorbell { get }
    /// A line for the operator: which store this is.
    var summary: String { get }
    /// Tells photographers by mail; nil where nobody is to.
    var mail: (any MailLedger)? { get }

    /// Inserts a new photo's record and queues it: both, or neither.
    ///
    /// A store that can't do both at once inserts the record first, whose status tells that renditions are owed.
    func submit(_ record: PhotoRecord, lane: LaneClass) async throws

    /// Removes a photo's record and its place in the queue, as if it had never been, for whoever made it for a while. Its
    /// objects stay.
    ///
    /// - Parameter photoID: An id that no worker holds and that is never used again: its fences would begin anew.
    func withdraw(_ photoID: String) async throws

    /// Does what the photos in nobody's hands need: takes back expired leases, and finds records that owe renditions and
    /// were never queued. Meant to be called twice a second by every worker, and earlier where the last answer says so; a
    /// store that many machines share lets one of them do it.
    func tend() async throws -> Tended

    /// How long a worker may wait until it asks the queue again.
    ///
    /// - Parameter silence: How long it has had nothing to claim.
    func idleWait(afterSilence silence: Duration) -> Duration

    /// Whether no record owes renditions but those whose job has ended.
    func isFed() async throws -> Bool

    /// Tidies what dead processes left behind, such as temporary files.
    func sweep() async throws

    /// Ends the use of the store and removes this process's temporary files. Nothing may be in hand any more.
    func close() async
}
