import RenditionCore

/// The instructions for photographers' photos, asked for once a photographer and run.
actor KnownPhotographers {
    private let photographers: PhotographerInstructions
    private let instructions: RenderInstructions
    private var known: [String: RenderInstructions?] = [:]

    /// - Parameter logos: Where their logos are kept; the worker's own, so that it needn't fetch them once more.
    init(_ store: any PhotoStore, logos: LogoCache, instructions: RenderInstructions) {
        photographers = PhotographerInstructions(store: store, logos: logos)
        self.instructions = instructions
    }

    /// How a photo would be rendered now; nil where that can't be told, since a logo is missing: its worker says so.
    func instructions(for record: PhotoRecord) async throws -> RenderInstructions? {
        guard let user = record.userID else { return instructions }
        if let found = known[user] { return found }
        var found: RenderInstructions?
        do {
            found = try await photographers.complete(instructions, for: record)
        } catch let error as RenditionError where !error.isOutage {
            found = nil
        }
        if known.count >= 1000 { known.removeAll() }
        known[user] = .some(found)
        return found
    }
}
