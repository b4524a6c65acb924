import Foundation

/// The files that settings are read from, each as it was when it was looked at.
///
/// Two of them are equal where every file says the same, however it came to stand there: written, renamed, or reached through
/// a symbolic link. All looks at files block.
struct SettingFiles: Sendable, Equatable {
    private enum State: Sendable, Equatable {
        case absent
        case bytes([UInt8])
        case unreadable(String)
    }

    private var states: [String: State] = [:]
    /// Those whose text was asked for.
    private var asked: Set<String> = []

    /// - Parameter names: What is looked at now; others are when their text is asked for.
    init(_ names: [String] = []) {
        for name in names { states[name] = Self.state(of: name) }
    }

    static func == (one: SettingFiles, other: SettingFiles) -> Bool { one.states == other.states }

    /// All files that were looked at, those that aren't there included.
    var names: [String] { states.keys.sorted() }

    /// Only those whose text was asked for.
    var read: SettingFiles {
        var files = self
        files.states = states.filter { asked.contains($0.key) }
        return files
    }

    func isThere(_ name: String) -> Bool { states[name].map { $0 != .absent } ?? false }

    /// Those of the files that said something else before.
    func changed(since before: SettingFiles) -> [String] {
        names.filter { states[$0] != (before.states[$0] ?? .absent) }
    }

    /// What a file says; it is looked at once.
    ///
    /// - Returns: nil where there is no such file.
    /// - Throws: ``SettingError`` where it can't be read.
    mutating func text(of name: String) throws -> String? {
        let state = states[name] ?? Self.state(of: name)
        states[name] = state
        asked.insert(name)
        switch state {
        case .absent: return nil
        case .unreadable(let reason): throw SettingError("\(name) can't be read: \(reason).")
        case .bytes(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw SettingError("\(name) can't be read: it is not UTF-8 text.")
            }
            return text
        }
    }

    private static func state(of name: String) -> State {
        do {
            return .bytes([UInt8](try Data(contentsOf: URL(fileURLWithPath: name))))
        } catch CocoaError.fileReadNoSuchFile {
            return .absent
        } catch {
            let cause = (error as? CocoaError)?.underlying as? POSIXError
            return .unreadable(cause.map { String(cString: strerror($0.code.rawValue)) } ?? "\(error)")
        }
    }
}
