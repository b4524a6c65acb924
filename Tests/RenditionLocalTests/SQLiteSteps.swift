import GRDB
import GRDBSQLite
import Synchronization

/// Counts the instructions that SQLite's virtual machine runs for a store: what a statement costs on any machine.
final class SQLiteSteps: Sendable {
    private let steps = Mutex(0)

    var count: Int { steps.withLock { $0 } }

    /// Counts a connection's statements from now on. It must not outlive this.
    func follow(_ database: Database) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_trace_v2(
            database.sqliteConnection, UInt32(SQLITE_TRACE_PROFILE),
            { _, context, statement, _ in
                guard let context, let statement else { return 0 }
                let steps = sqlite3_stmt_status(OpaquePointer(statement), SQLITE_STMTSTATUS_VM_STEP, 1)
                Unmanaged<SQLiteSteps>.fromOpaque(context).takeUnretainedValue().add(Int(steps))
                return 0
            }, context)
    }

    private func add(_ more: Int) { steps.withLock { $0 += more } }
}
