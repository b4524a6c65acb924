import Foundation

/// Numbers as people read them.
enum Format {
    /// Bytes in powers of ten: `812 B`, `34 KB`, `1.2 MB`.
    static func bytes(_ count: Int) -> String {
        switch count {
        case ..<1000: "\(count) B"
        case ..<1_000_000: "\((count + 500) / 1000) KB"
        default: String(format: "%.1f MB", Double(count) / 1_000_000)
        }
    }

    static func pixels(_ width: Int, _ height: Int) -> String { "\(width)×\(height)" }
}
