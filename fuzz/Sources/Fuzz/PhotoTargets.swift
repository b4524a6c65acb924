import RenditionCore

@testable import RenditionVips

/// The first look at an original: what it is, and how large.
///
/// Of a drawing that is our own look only. To measure one that doesn't say its size librsvg draws it, and over some it hangs
/// or ends its process, over its own test files among them: what a worker's render processes and deadlines are for, and the
/// corpora's tests know those files by name.
struct ProbeTarget: FuzzTarget {
    private let renderer: CascadeRenderer
    private let limits = RenderLimits()

    init() throws { renderer = try CascadeRenderer() }

    func take(_ bytes: [UInt8]) {
        do {
            if try OriginalFormat.detect(bytes) == .svg {
                return try bytes.withUnsafeBytes { try Look.verify($0, .svg, limits) }
            }
            let probe = try renderer.probe(bytes, limits: limits)
            promise(probe.stored.width > 0 && probe.stored.height > 0, "an original has pixels")
            promise(probe.stored.pixels <= limits.pixels, "an original is within the limit")
            promise((1...8).contains(probe.orientation), "an orientation is one of eight")
        } catch let error as RenditionError {
            promise(!error.message.isEmpty, "a refusal says why")
        } catch {
            promise(false, "every refusal is a RenditionError: \(error)")
        }
    }
}

/// Metadata in and out: whatever an original's container holds, what goes out keeps to the policy.
struct MetadataTarget: FuzzTarget {
    func take(_ bytes: [UInt8]) {
        let metadata = bytes.withUnsafeBytes { OriginalMetadata.read($0) }
        for policy in MetadataPolicy.allCases {
            let segments = JPEGSegments.segments(for: metadata, policy: policy)
            let file = [0xFF, 0xD8] + segments + [0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 0xFF, 0xD9]
            let rendition = Rendition(
                size: RenditionSize.all[0], pixels: PixelSize(width: 1, height: 1), bytes: file, checksum: "")
            do { try ReadBackStep.check(rendition, against: policy) } catch { promise(false, "\(error)") }
        }
    }
}
