/// Everything that lasts: the queue, the records and the objects. It decides nothing.
package protocol PhotoStore: Sendable {
    var queue: any JobQueue { get }
    var records: any PhotoRecords { get }
    var objects: any ObjectStore { get }
    /// The time in which leases are measured.
    var clock: any StoreClock { get }
    /// A line for the operator: which store this is.
    var summary: String { get }

    /// Tidies what dead processes left behind, such as temporary files.
    func sweep() async throws
}
