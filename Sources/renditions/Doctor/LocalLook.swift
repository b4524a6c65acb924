import RenditionCore
import RenditionLocal

/// What there is to look at in an embedded store.
enum LocalLook {
    static func checks(_ directory: String, _ settings: Settings) -> [Check] {
        let store = LocalExamination(directory: directory)
        guard store.isThere else {
            return [
                Check(.storage, store.subject) {
                    [
                        Finding(
                            .storage, .unknown, store.subject, "there is none yet",
                            remedy: "`renditions setup`, `import` and `worker` make one; or name another with --store.")
                    ]
                }
            ]
        }
        return [
            Check(.storage, "folder", blocking: { DiskLook.findings(directory, "folder", .storage) }),
            // It reads the whole database.
            Check(.storage, "database", limit: .seconds(300), blocking: { try store.integrity() }),
            Check(.storage, "unfinished files", blocking: { store.leftovers() }),
            Check(.browsers, "originals") {
                [
                    Finding(
                        .browsers, .good, "originals, \(settings.buckets.photos)",
                        "`renditions gallery` serves the renditions' bucket and no other; who may read the folder itself "
                            + "is the file system's to say")
                ]
            },
        ]
    }
}
