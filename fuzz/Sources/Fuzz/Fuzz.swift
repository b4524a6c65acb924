import CFuzzer
import Glibc

/// Hands inputs that a fuzzer makes up to one of the targets.
///
///     Fuzz TARGET [CORPUS…] [-runs=N] [-seed=N] …
///
/// What follows the target's name is libFuzzer's own. A trap, a wrong address, or a promise that doesn't hold ends the
/// process, and libFuzzer leaves the input behind as a file.
@main
struct Fuzz {
    /// Whom the inputs go to; the fuzzer's callback can't carry it.
    nonisolated(unsafe) private static var target: any FuzzTarget = EventTarget()

    static func main() throws {
        var arguments = CommandLine.arguments
        guard arguments.count > 1, let make = targets[arguments[1]] else {
            print("usage: Fuzz \(targets.keys.sorted().joined(separator: "|")) [CORPUS…] [libFuzzer's options]")
            exit(64)
        }
        target = try make()
        arguments.remove(at: 1)
        var count = Int32(arguments.count)
        var pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(capacity: arguments.count + 1)
        for (index, argument) in arguments.enumerated() { pointers?[index] = strdup(argument) }
        pointers?[arguments.count] = nil
        exit(
            LLVMFuzzerRunDriver(&count, &pointers) { bytes, count in
                Fuzz.target.take(Array(UnsafeBufferPointer(start: bytes, count: count)))
                return 0
            })
    }

    private static let targets: [String: @Sendable () throws -> any FuzzTarget] = [
        "probe": { try ProbeTarget() },
        "metadata": { MetadataTarget() },
        "event": { EventTarget() },
        "item": { ItemTarget() },
        "xml": { XMLTarget() },
    ]
}

/// Something that reads what strangers wrote.
protocol FuzzTarget {
    /// Reads one input. Refusing it is an answer like any other; ending the process is not.
    func take(_ bytes: [UInt8])
}

/// Ends the process where something isn't as promised, in optimised code too.
func promise(_ isKept: Bool, _ what: @autoclosure () -> String) {
    if !isKept { fatalError("a promise that doesn't hold: \(what())") }
}
