import RenditionCore

/// Reads from the platform's table of galleries what a photographer calls one.
struct GalleryNames: Sendable {
    let dynamo: DynamoDB
    let table: String

    /// - Throws: ``AWSFailure``, ``CredentialError``.
    /// - Returns: nil where the gallery has no record, or no name in it.
    func name(of gallery: String, user: String) async throws -> String? {
        let key: DynamoDB.Item = ["user_id": .string(user), "id": .string(gallery)]
        let record = try await dynamo.get(key, from: table, consistent: false)
        return ["name", "title"].lazy.compactMap { record?[$0]?.string }.first { !$0.isEmpty }
    }
}
