import RenditionCore

/// The instructions for photographers' photos, asked for once a photographer and run.
actor KnownPhotographers {
    private let photographers: PhotographerInstructions
    private let instructions: RenderInstructions
    /// What is known or being asked for: two photos of one photographer don't ask twice.
    private var known: [String: Task<RenderInstructions?, any Error>] = [:]

    /// - Parameter logos: Where their logos are kept; the worker's own, so that it needn't fetch them once more.
    init(_ store: any PhotoStore, logos: LogoCache, instructions: RenderInstructions) {
        photographers = PhotographerInstructions(store: store, logos: logos)
        self.instructions = instructions
    }

    /// How a photo would be rendered now, but for the bytes of a logo; nil where that can't be told, since a logo is missing: its worker says so.
    func instructions(for record: PhotoRecord) async throws -> RenderInstructions? {
        guard let user = record.userID else { return instructions }
        if let asked = known[user] { return try await asked.value }
        if known.count >= Self.capacity { known.removeAll() }
        let asking = Task { [photographers, instructions] () -> RenderInstructions? in
            do {
                var complete = try await photographers.complete(instructions, for: record)
                // A recipe knows a logo by its ETag, and a thousand photographers' logos would fill the memory.
                complete.watermark?.logo?.bytes = []
                return complete
            } catch let error as RenditionError where !error.isOutage {
                return nil
            }
        }
        known[user] = asking
        do {
            return try await asking.value
        } catch {
            known[user] = nil
            throw error
        }
    }

    /// Photographers that are remembered.
    private static let capacity = 1000
}
