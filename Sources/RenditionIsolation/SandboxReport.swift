import CSandbox

/// What of the sandbox the system allowed.
package struct SandboxReport: Sendable, Hashable {
    /// The process reaches no network.
    package var hasNoNetwork: Bool
    /// It runs as nobody.
    package var isNobody: Bool
    /// The version of Landlock's rules in force, which keep files out of reach; 0 for none.
    package var landlock: Int
    /// System calls that a decoder doesn't need are refused.
    package var isFiltered: Bool

    init(_ sandbox: sandbox) {
        hasNoNetwork = sandbox.has_no_network
        isNobody = sandbox.is_nobody
        landlock = Int(sandbox.landlock)
        isFiltered = sandbox.is_filtered
    }

    init(bits: Int) {
        hasNoNetwork = bits & 1 != 0
        isNobody = bits & 2 != 0
        isFiltered = bits & 4 != 0
        landlock = bits >> 8
    }

    var bits: Int { (hasNoNetwork ? 1 : 0) | (isNobody ? 2 : 0) | (isFiltered ? 4 : 0) | landlock << 8 }

    /// The sandbox in a line for the log.
    package var summary: String {
        [
            isNobody ? "as nobody" : "as this user",
            hasNoNetwork ? "without a network" : "with the network in reach, since this system allows no namespaces",
            landlock > 0
                ? "with no files but libraries' and fonts'" : "with files in reach, since this kernel has no Landlock",
            isFiltered ? "with few system calls" : "with all system calls, since this kernel has no seccomp filters",
        ].joined(separator: ", ")
    }
}
