import Dispatch
import RenditionCore
import RenditionLocal

/// The embedded store's queue, on a disk.
enum QueueCases {
    static func all(in folder: String) throws -> [Case] {
        let store = try LocalStore(directory: folder, creates: true)
        let photo = PhotoRef(id: "0b5f7c1e-3f52-4d0f-9f51-6f1f3a4c2d10", galleryID: "wedding")
        return [
            Case("queued, claimed, finished") {
                let done = DispatchSemaphore(value: 0)
                Task {
                    try? await store.queue.enqueue(photo, lane: .fresh)
                    let leases = try? await store.queue.claim(upTo: 1, owner: "counts", lease: .seconds(30))
                    guard let lease = leases?.first, let end = try? await store.queue.finish(lease, recipe: "4f5ad3f1")
                    else { fatalError("the queue is unable") }
                    precondition(end == .done)
                    done.signal()
                }
                done.wait()
            }
        ]
    }
}
