/// What a look after the store came to.
package struct Tended: Sendable, Hashable {
    /// Photos whose workers had fallen silent.
    package var recovered = 0
    /// Photos that were found to owe renditions and queued.
    package var found = 0
    /// When to look again, where that is early.
    package var again: Duration?

    package init(recovered: Int = 0, found: Int = 0, again: Duration? = nil) {
        self.recovered = recovered
        self.found = found
        self.again = again
    }
}
