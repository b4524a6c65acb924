import Foundation
import RenditionCore

/// Shows how a run gets on: a line that is drawn again and again on a terminal, or plain lines now and then.
actor Progress {
    private let tally: RunTally
    private let screen: Screen?
    private let verb: String
    private let isQueueing: Bool
    /// Moments with what had ended by then, of the last minute.
    private var past: [(at: ContinuousClock.Instant, ended: Int)] = []
    private var lastPlain = ContinuousClock.now
    private var lastShare = 0

    private static let window = Duration.seconds(60)
    private static let plainInterval = Duration.seconds(10)

    /// - Parameters:
    ///   - verb: What happens to the photos, such as "rendered".
    ///   - isQueueing: Whether it is all that happens to them that they are chosen.
    init(_ tally: RunTally, verb: String, isQueueing: Bool = false) {
        self.tally = tally
        self.verb = verb
        self.isQueueing = isQueueing
        screen = Screen()
    }

    /// Shows it until cancelled.
    func run() async {
        while !Task.isCancelled {
            tally.flush()
            show()
            try? await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Takes the line off the terminal, so that others' lines have room.
    func end() {
        tally.flush(olderThan: .zero)
        screen?.clear()
    }

    private func show() {
        var counts = tally.counts
        let now = ContinuousClock.now
        if isQueueing { counts.done = counts.chosen - counts.failed - counts.dropped }
        past.append((now, counts.ended - counts.before))
        past.removeAll { now - $0.at > Self.window }
        let line = ProgressLine(counts: counts, perSecond: rate, verb: verb)
        if let screen {
            screen.draw(line.drawn(width: screen.width, isColoured: screen.isColoured, isPlainText: screen.isASCII))
            return
        }
        let share = counts.isWhole && counts.chosen > 0 ? counts.ended * 20 / counts.chosen : 0
        guard now - lastPlain >= Self.plainInterval || share > lastShare else { return }
        (lastPlain, lastShare) = (now, share)
        Screen.write(line.plain + "\n")
    }

    /// Photos a second lately; nil where nothing ended yet.
    private var rate: Double? {
        guard let first = past.first, let last = past.last, last.ended > first.ended else { return nil }
        return Double(last.ended - first.ended) / max(0.001, (last.at - first.at).seconds)
    }
}

/// One moment of a run in a line.
struct ProgressLine {
    let counts: RunTally.Counts
    /// Photos a second; nil while nothing is known.
    let perSecond: Double?
    let verb: String

    /// Without any bar.
    var plain: String { ([amount] + parts).joined(separator: ", ") }

    private var amount: String {
        "\(counts.ended) of \(counts.chosen)\(counts.isWhole ? "" : "+") \(verb)"
    }

    private var parts: [String] {
        [failures, rate, eta].compactMap { $0 }
    }

    private var failures: String? {
        counts.failed == 0 ? nil : "\(counts.failed) failed"
    }

    private var rate: String? {
        perSecond.map { $0 >= 1 ? String(format: "%.1f/s", $0) : String(format: "%.1f/min", $0 * 60) }
    }

    private var eta: String? {
        guard counts.isWhole, let perSecond, counts.ended < counts.chosen else { return nil }
        let seconds = Int((Double(counts.chosen - counts.ended) / perSecond).rounded(.up))
        let text =
            seconds >= 3600
            ? String(format: "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
            : String(format: "%d:%02d", seconds / 60, seconds % 60)
        return "ETA \(text)"
    }

    /// With a bar that fills the width.
    func drawn(width: Int, isColoured: Bool, isPlainText: Bool) -> String {
        let text = ([amount] + parts).joined(separator: "  ")
        let room = min(40, width - text.count - 4)
        guard room >= 8 else { return String(text.prefix(max(0, width - 1))) }
        let share = counts.chosen > 0 ? Double(counts.ended) / Double(counts.chosen) : 0
        let full = counts.ended == counts.chosen && counts.chosen > 0 ? room : min(room - 1, Int(share * Double(room)))
        let (mark, rest) = isPlainText ? ("=", "-") : ("█", "░")
        var bar = String(repeating: mark, count: full)
        var tail = text
        if isColoured {
            bar = "\u{1B}[32m\(bar)\u{1B}[0m"
            if let failures { tail = text.replacing(failures, with: "\u{1B}[31m\(failures)\u{1B}[0m") }
        }
        return "[\(bar)\(String(repeating: rest, count: room - full))] \(tail)"
    }
}

/// The terminal behind standard error, where there is one on which a line can be drawn again.
struct Screen {
    let isColoured: Bool
    /// Whether only ASCII is certain to be shown.
    let isASCII: Bool

    init?() {
        let environment = ProcessInfo.processInfo.environment
        guard isatty(STDERR_FILENO) != 0, environment["TERM"].map({ $0 != "dumb" && !$0.isEmpty }) ?? false else {
            return nil
        }
        isColoured = (environment["NO_COLOR"] ?? "").isEmpty
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty }
        isASCII = !(locale?.uppercased().contains("UTF") ?? false)
    }

    /// Columns, as they are now.
    var width: Int { TerminalSize.current.columns }

    func draw(_ line: String) { Self.write("\r\(line)\u{1B}[K") }
    func clear() { Self.write("\r\u{1B}[K") }

    static func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
