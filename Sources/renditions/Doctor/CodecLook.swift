import RenditionCore
import RenditionVips

/// What this machine's libraries read.
enum CodecLook {
    static func findings() throws -> [Finding] {
        try VipsLibrary.start()
        return findings(on: Codec.all())
    }

    /// One line for all that is there, and one for each that isn't.
    static func findings(on codecs: [Codec]) -> [Finding] {
        let missing = codecs.filter { !$0.isThere }.map { codec in
            Finding(
                .machine, .bad, codec.name, "can't be read here",
                remedy: "Install Debian's package \(codec.package) (apt-get install \(codec.package)).")
        }
        let present = codecs.filter(\.isThere)
        guard !present.isEmpty else { return missing }
        // Each library once, with all that it reads.
        var libraries: [(name: String, reads: [String])] = []
        for codec in present {
            let library = codec.library ?? "a library without a version"
            if let known = libraries.firstIndex(where: { $0.name == library }) {
                libraries[known].reads.append(codec.name)
            } else {
                libraries.append((library, [codec.name]))
            }
        }
        let words = libraries.map { "\($0.reads.joined(separator: ", ")) (\($0.name))" }.joined(separator: "; ")
        return missing + [Finding(.machine, .good, "codecs", words)]
    }
}
