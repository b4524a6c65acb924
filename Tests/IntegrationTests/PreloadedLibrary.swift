import RenditionTestKit

/// C that stands in a process before the system's own calls. It lies in a folder of its own as long as this value lives.
struct PreloadedLibrary: Sendable {
    let folder = TestFolder()
    let path: String

    /// Compiles it.
    init(_ name: String, _ source: String) async throws {
        path = folder.path("\(name).so")
        let file = try folder.write("\(name).c", Array(source.utf8))
        let result = try await Command.run("clang", ["-shared", "-fPIC", "-o", path, file])
        guard result.status == 0 else { throw ServerFault("clang: \(result.errors)") }
    }
}
