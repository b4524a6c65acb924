import Foundation
import RenditionCore
import RenditionTestKit
import RenditionVips
import Testing

@testable import renditions

/// What the doctor makes of machines that the tests don't run on.
@Suite("The doctor's machines")
struct MachineLookTests {
    private static let gib = 1 << 30

    @Test func memoryIsMeasuredByTheTighterOfMachineAndControlGroup() {
        func verdict(physical: Int = 64, group: Int?, threads: Int = 2, render: Int = 4) -> Finding? {
            MemoryLook.findings(
                physical: physical * Self.gib, group: group.map { $0 * Self.gib }, threads: threads,
                budget: 512 << 20, renderMemory: render * Self.gib
            ).first
        }
        #expect(verdict(group: nil)?.verdict == .good)
        #expect(verdict(group: 8)?.verdict == .good)
        #expect(verdict(group: 7)?.verdict == .warning)
        #expect(verdict(group: 7)?.remedy?.contains("RENDITIONS_RENDER_MEMORY_MB, which is 4096") == true)
        let tight = verdict(group: 1, threads: 8)
        #expect(tight?.verdict == .bad)
        #expect(tight?.text.hasPrefix("the control group allows 1024 MiB") == true, "\(tight?.text ?? "")")
        #expect(tight?.remedy?.contains("Lower RENDITIONS_MEMORY_MB or RENDITIONS_THREADS") == true)
        #expect(verdict(physical: 1, group: 64, threads: 8)?.text.hasPrefix("this machine has 1024 MiB") == true)
    }

    @Test func controlGroupsOfBothVersionsAreRead() throws {
        let folder = TestFolder()
        let root = folder.path("cgroup")
        func limit(_ membership: String) throws -> Int? {
            ControlGroups.memoryLimit(root: root, membership: try folder.write("membership", Array(membership.utf8)))
        }
        try folder.write("cgroup/a/b/memory.max", Array("max\n".utf8))
        try folder.write("cgroup/a/memory.max", Array("1000000\n".utf8))
        #expect(try limit("0::/a/b\n") == 1_000_000, "a parent's limit holds too")
        #expect(try limit("0::/c\n") == nil)
        try folder.write("cgroup/memory/x/memory.limit_in_bytes", Array("2000000\n".utf8))
        try folder.write("cgroup/memory/memory.limit_in_bytes", Array("9223372036854771712\n".utf8))
        #expect(try limit("5:cpu:/x\n4:memory,hugetlb:/x\n0::/\n") == 2_000_000)
        // In a container the path is the host's, and the group's own files stand at the root.
        try folder.write("cgroup/memory.max", Array("3000000\n".utf8))
        #expect(try limit("0::/docker/0123\n") == 3_000_000)
        #expect(try limit("5:cpu:/\n4:memory:/\n") == nil)
    }

    @Test func aMissingCodecIsToldWithItsPackage() {
        let codecs = [
            Codec("JPEG", isThere: true, library: "libjpeg-turbo 2.1.5", package: "libjpeg62-turbo"),
            Codec("PNG", isThere: true, library: "libvips 8.14.1", package: "libvips42"),
            Codec("TIFF", isThere: true, library: "libvips 8.14.1", package: "libvips42"),
            Codec("HEIC", isThere: false, library: "libheif 1.15.1", package: "libde265-0"),
        ]
        let findings = CodecLook.findings(on: codecs)
        #expect(findings.map(\.verdict) == [.bad, .good])
        #expect(findings[0].subject == "HEIC")
        #expect(findings[0].remedy?.contains("apt-get install libde265-0") == true)
        #expect(findings[1].text == "JPEG (libjpeg-turbo 2.1.5); PNG, TIFF (libvips 8.14.1)")
    }

    @Test func filmsNeedTheirPrograms() async throws {
        let folder = TestFolder()
        let told = try await Diagnosis(
            ["RENDITIONS_STORE": "local:\(folder.path("store"))", "PATH": folder.path])
        let films = try #require(told.about("films"), "\(told)")
        #expect(films.verdict == .bad && films.remedy?.contains("apt-get install ffmpeg") == true, "\(films)")
        #expect(told.status == 1)
    }

    @Test func aRenderProcessWithoutMemoryIsTold() async throws {
        let folder = TestFolder()
        let told = try await Diagnosis([
            "RENDITIONS_STORE": "local:\(folder.path("store"))", "RENDITIONS_RENDER_MEMORY_MB": "512",
        ])
        // 512 MiB do for a drawing; what the doctor shows is that it rendered one.
        #expect(told.about("render processes")?.text.hasPrefix("run ") == true, "\(told)")
    }

    @Test func littleRoomIsTold() {
        func verdict(_ bytes: Int, _ files: Int? = nil) -> Finding.Verdict? {
            DiskLook.findings("x", .machine, bytes: bytes, files: files).first?.verdict
        }
        #expect(verdict(2_000_000_000) == .good)
        #expect(verdict(500_000_000) == .warning)
        #expect(verdict(50_000_000) == .bad)
        #expect(verdict(2_000_000_000, 10) == .bad)
    }

    @Test func aMachineWithoutFontsIsTold() throws {
        let folder = TestFolder()
        #expect(FontLook.findings(in: [folder.path, "/none"]).first?.verdict == .warning)
        try folder.write("deep/a.TTF", [])
        #expect(FontLook.findings(in: [folder.path]).first?.text.hasPrefix("1 ") == true)
    }

    @Test func whoListensIsReadFromTheKernelsTables() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1
               1: 0100007F:1F90 0100007F:9C40 01 00000000:00000000 00:00000000 00000000     0        0 4712 1
               2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1
            """
        #expect(Listeners.inodes(of: 8080, in: table) == ["4711"], "connections don't listen")
        #expect(Listeners.inodes(of: 80, in: table) == ["4713"])
        let six = """
              sl  local_address                         remote_address                        st
               0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 99 1
            """
        #expect(Listeners.inodes(of: 8080, in: six) == ["99"])
    }
}
