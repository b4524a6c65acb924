import Foundation

/// Counts what named pieces of work allocate, and marks them for callgrind, which counts their instructions.
///
///     Counts PHOTOS TIMES [--alone]
///
/// PHOTOS holds the photos of ``PhotoCases``. One line a case: blocks, bytes, name. `--alone` leaves out what needs Dispatch,
/// whose threads valgrind 3.19 doesn't survive.
@main
struct Counts {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count >= 3, let times = Int(arguments[2]), times > 0 else {
            FileHandle.standardError.write(Data("usage: Counts PHOTOS TIMES [--alone]\n".utf8))
            exit(64)
        }
        var cases = try PhotoCases.all(in: arguments[1]) + RecordCases.all + SigningCases.all
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("counts-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        if arguments.last != "--alone" { cases += try QueueCases.all(in: folder) }
        for work in cases {
            let least = try work.count(times: times)
            print(least.blocks, least.bytes, work.name)
        }
    }
}
