import Foundation

/// The most memory that this process has held at once (`VmHWM` of proc(5)).
enum PeakMemory {
    /// Bytes since the last ``reset()``; nil where the system doesn't tell.
    static var bytes: Int? {
        let status = FileManager.default.contents(atPath: "/proc/self/status") ?? Data()
        let line = String(decoding: status, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line?.split(separator: " ").compactMap { Int($0) }.first.map { $0 << 10 }
    }

    /// Begins anew with what is held now. Where that isn't allowed the peak is that of the whole process.
    static func reset() {
        guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
        try? file.write(contentsOf: Data("5".utf8))
        try? file.close()
    }
}
