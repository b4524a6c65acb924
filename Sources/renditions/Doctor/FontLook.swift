import Foundation
import RenditionCore

/// Whether there are fonts for watermarks of text, where render processes find them.
enum FontLook {
    private static let folders = ["/usr/share/fonts", "/usr/local/share/fonts"]
    private static let kinds: Set<String> = ["ttf", "otf", "ttc", "pfb", "woff2"]

    static func findings(in folders: [String] = folders) -> [Finding] {
        let count = folders.reduce(0) { count, folder in
            let files = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
            return count + files.count { kinds.contains(($0 as NSString).pathExtension.lowercased()) }
        }
        guard count > 0 else {
            return [
                Finding(
                    .machine, .warning, "fonts", "there are none, so watermarks of text show boxes",
                    remedy: "Install fonts (apt-get install fonts-dejavu-core, and fonts-noto for more scripts).")
            ]
        }
        return [Finding(.machine, .good, "fonts", "\(count) for watermarks of text")]
    }
}
