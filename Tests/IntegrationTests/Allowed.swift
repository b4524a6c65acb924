import Foundation
import RenditionTestKit

/// What this process may do here: root in a container lacks some of root's rights.
enum Allowed {
    static let anotherUser = succeeds(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "true"])

    static let mounting: Bool = {
        let folder = TestFolder()
        guard succeeds(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.path]) else { return false }
        return succeeds(["umount", "-l", folder.path])
    }()

    private static func succeeds(_ command: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
