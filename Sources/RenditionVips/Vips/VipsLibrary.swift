import CVips
import RenditionCore

/// The one start of libvips in this process and what it reports of itself.
package enum VipsLibrary {
    /// Starts libvips on first use: one thread to an operation, since photos run beside each other, and no operation
    /// cache, since no photo is rendered twice.
    private static let started: Bool = {
        guard vips_init("renditions") == 0 else { return false }
        vips_concurrency_set(1)
        vips_cache_set_max(0)
        vips_cache_set_max_mem(0)
        shim_silence_warnings()
        VipsLoaders.trusted.allow()
        return true
    }()

    /// - Throws: A ``RenditionError`` where libvips can't start at all.
    package static func start() throws {
        guard started else {
            throw RenditionError(
                code: "libvips", stage: .render, retriable: true,
                message: "The image library does not start.", detail: takeErrors())
        }
    }

    /// libvips' version, such as `8.14.1`.
    package static var version: String { String(cString: vips_version_string()) }

    /// Takes the text of libvips' error buffer. All threads share one buffer, so the text may tell of another photo: it
    /// is for the operator's eyes, never for a decision.
    static func takeErrors() -> String {
        guard let text = vips_error_buffer_copy() else { return "" }
        defer { g_free(text) }
        return String(cString: text).split(whereSeparator: \.isNewline).joined(separator: "; ")
    }
}

/// A failed libvips call.
struct VipsError: Error {
    let operation: String
    let text: String

    /// Whether the text tells of too little memory or too few threads. The text may be another photo's, as all threads
    /// share one buffer; it serves to doubt a failure and never to confirm one.
    var isExhaustion: Bool { isOutOfMemory || text.lowercased().contains("error creating thread") }

    /// Whether the text tells of too little memory.
    var isOutOfMemory: Bool {
        // The third is LibRaw's spelling.
        ["out of memory", "insufficient memory", "unsufficient memory", "unable to allocate", "cannot allocate"]
            .contains { text.lowercased().contains($0) }
    }

    init(_ operation: String) { self.init(operation, VipsLibrary.takeErrors()) }

    init(_ operation: String, _ text: String) {
        self.operation = operation
        self.text = text
    }
}
