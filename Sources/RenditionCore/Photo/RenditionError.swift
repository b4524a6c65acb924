import Foundation

/// Why a photo could not be rendered, in words for each of its readers, and whether trying again can help.
package struct RenditionError: Error, Sendable, Hashable, Codable {
    /// The step of a photo's way at which it failed.
    package enum Stage: String, Sendable, Codable, CaseIterable {
        case claim, fetch, probe, render, publish, commit, store
    }

    /// A stable word for programs, such as `truncated` or `original_missing`.
    package var code: String
    package var stage: Stage
    /// Whether the same photo may succeed later without a change to it.
    package var retriable: Bool
    /// A sentence for the photographer, with what to do. It names no internals.
    package var message: String
    /// What the operator needs beyond that: a library's own words, a path, a number.
    package var detail: String?

    package init(code: String, stage: Stage, retriable: Bool, message: String, detail: String? = nil) {
        self.code = code
        self.stage = stage
        self.retriable = retriable
        self.message = message
        self.detail = detail
    }

    /// The record's `rendition_error`.
    package var recordValue: RecordValue {
        .map(["code": .string(code), "stage": .string(stage.rawValue), "message": .string(message)])
    }

    /// The code of a photo over which its render process died.
    package static let rendererDiedCode = "renderer_died"

    /// Whether its render process died over the photo.
    package var endedItsRenderer: Bool { code == Self.rendererDiedCode }

    /// Whether the store itself is at fault, so that the photo's attempt must not count.
    package var isOutage: Bool { stage == .store }
}

extension RenditionError: CustomStringConvertible, LocalizedError {
    package var description: String {
        "\(stage.rawValue): \(message)" + (detail.map { " [\($0)]" } ?? "")
    }

    package var errorDescription: String? { description }

    /// Gives an error of unknown origin the stage at which it surfaced. It counts as retriable, since nothing proves
    /// that the photo is to blame.
    package static func wrapping(_ error: any Error, stage: Stage) -> RenditionError {
        if let known = error as? RenditionError { return known }
        return RenditionError(
            code: "internal", stage: stage, retriable: true,
            message: "Something went wrong on our side while preparing this photo. It will be tried again.",
            detail: String(describing: error))
    }
}
