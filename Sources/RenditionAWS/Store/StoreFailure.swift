import RenditionCore

/// Runs requests and turns their failures into the worker's.
func store<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
) async throws -> Result {
    do {
        return try await body()
    } catch let failure as AWSFailure {
        throw failure.renditionError
    } catch let error as CredentialError {
        throw RenditionError(code: "no_credentials", stage: .store, retriable: true, message: error.description)
    }
}
