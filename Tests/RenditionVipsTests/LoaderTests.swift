import CVips
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// Which of libvips' loaders can run, whatever the libvips of this machine was built with.
@Suite("Loaders") struct LoaderTests {
    private static let photoLoaders: Set = [
        "VipsForeignLoadJpegBuffer", "VipsForeignLoadPngBuffer", "VipsForeignLoadWebpBuffer",
        "VipsForeignLoadNsgifBuffer", "VipsForeignLoadTiffBuffer",
    ]

    @Test func onlyTheListedLoadersRun() throws {
        let renderer = try CascadeRenderer()
        #expect(renderer.version.hasPrefix("renderer"))
        // Nothing else in this test process may have changed it.
        #expect(
            VipsLoaders.running().subtracting(["VipsForeignLoadMagick7Buffer"])
                == Self.photoLoaders.union(["VipsForeignLoadSvgBuffer", "VipsForeignLoadMagickBuffer"]))
        VipsLoaders.trusted.allow()
        defer { VipsLoaders.all.allow() }
        #expect(VipsLoaders.running() == Self.photoLoaders)
    }

    /// Not even where libvips guesses a loader by a file's name and first bytes, as it does for whoever opens one by name.
    @Test func noFileIsOpenedByItsName() throws {
        _ = try CascadeRenderer()
        let folder = TestFolder()
        let names = ["a.jpg", "a.csv", "a.mat", "a.v", "a.ppm", "a.svg", "a.hdr", "a.pdf"]
        for name in names {
            try folder.write(name, name == "a.jpg" ? Corpus.samples.bytes("tiny.jpg") : Array("1 2\n3 4\n".utf8))
            for path in [folder.path(name), folder.path(name) + "[shrink=2]"] {
                guard let loader = vips_foreign_find_load(path).map({ String(cString: $0) }) else { continue }
                #expect(throws: VipsError.self, "\(loader)") {
                    let load = try Operation(loader)
                    try load.set("filename", path)
                    _ = try load.image()
                }
            }
        }
        vips_error_clear()
    }
}

extension VipsLoaders {
    /// Lets another loader run, until ``allow()``.
    static func unblock(_ name: String) { vips_operation_block_set(name, 0) }

    /// The loaders that could run at the moment, whoever let them.
    static func running() -> Set<String> {
        var names: Set<String> = []
        var open = [g_type_from_name("VipsForeignLoad")]
        while let type = open.popLast() {
            var count: UInt32 = 0
            guard let children = g_type_children(type, &count) else { continue }
            defer { g_free(children) }
            open += (0..<Int(count)).map { children[$0] }
            guard let raw = g_type_class_ref(type) else { continue }
            defer { g_type_class_unref(raw) }
            let flags = raw.assumingMemoryBound(to: VipsOperationClass.self).pointee.flags
            let isAbstract = g_type_test_flags(type, UInt32(G_TYPE_FLAG_ABSTRACT.rawValue)) != 0
            if !isAbstract, flags.rawValue & VIPS_OPERATION_BLOCKED.rawValue == 0, let name = g_type_name(type) {
                names.insert(String(cString: name))
            }
        }
        return names
    }
}
