import RenditionCore

/// What newly read settings change for a worker that runs.
struct SettingsChange: Sendable {
    private struct Item {
        let setting: Setting
        let old: String
        let new: String
    }

    /// What it takes up now, and what only its next start will.
    private let live: [Item]
    private let later: [Item]

    /// - Parameter running: What the worker goes by.
    init(from running: Settings, to new: Settings) {
        let items = Setting.all.map { Item(setting: $0, old: running.text($0), new: new.text($0)) }
            .filter { $0.old != $0.new }
        live = items.filter { $0.setting.uptake == .live }
        later = items.filter { $0.setting.uptake == .start }
    }

    /// Whether the worker goes by anything else now.
    var isFelt: Bool { !live.isEmpty }

    /// In words, to follow a colon. Secrets are not shown.
    var description: String {
        let now = live.map { item in
            "\(item.setting.name) is \(Self.shown(item.new, item)) (was \(Self.shown(item.old, item)))"
        }
        let then = later.map { item in
            item.setting.isSecret
                ? item.setting.name
                : "\(item.setting.name) to \(Self.shown(item.new, item)) (is \(Self.shown(item.old, item)))"
        }
        let sentences = [
            now.isEmpty ? nil : now.joined(separator: ", "),
            then.isEmpty ? nil : "only the next start changes \(then.joined(separator: ", "))",
        ].compactMap { $0 }
        return sentences.isEmpty ? "nothing changes" : sentences.joined(separator: "; ")
    }

    private static func shown(_ text: String, _ item: Item) -> String {
        text.isEmpty ? "unset" : item.setting.shown(text).printable
    }
}
