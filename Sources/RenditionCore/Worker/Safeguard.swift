import Foundation

/// What keeps stale work from being seen and work from being done twice.
///
/// `CHAOS_UNSAFE=s3-fence` has a debug build do without one, so that tests can show that they would notice. In a release
/// build all are in force, whatever the environment says.
package enum Safeguard: String, CaseIterable, Sendable {
    /// A rendition is written only over what has no higher fence, and only over what was seen there.
    case s3Fence = "s3-fence"
    /// A job that was queued again while it was leased isn't done when its worker finishes.
    case genCheck = "gen-check"
    /// What a refused write's answer tells of the row proves whose it is.
    case allOld = "all-old"
    /// Leases are measured by the store's time and not by this machine's.
    case serverTime = "server-time"

    package var isOn: Bool {
        #if DEBUG
            Self.off != self
        #else
            true
        #endif
    }

    #if DEBUG
        private static let off = ProcessInfo.processInfo.environment["CHAOS_UNSAFE"].flatMap(Safeguard.init)
    #endif
}
