extension RecordCommit {
    /// The change that makes a photo's record complete.
    package static func rendered(
        _ photo: RenderedPhoto, record: PhotoRecord, recipe: String, fence: Int, urls: PublicURLs, now: Timestamp
    ) -> RecordCommit {
        let upright = photo.probe.upright
        var set: [String: RecordValue] = [
            "width": .integer(upright.width),
            "height": .integer(upright.height),
            "format": .string(photo.probe.format.rawValue),
            "renditions_recipe": .string(recipe),
            "rendition_fence": .integer(fence),
            "processed_at": .string(now.iso8601),
            "updated_at": .string(now.iso8601),
        ]
        var dimensions: [String: RecordValue] = [
            "width": .integer(upright.width), "height": .integer(upright.height),
        ]
        dimensions["aspect_ratio"] = .decimal(Double(upright.width) / Double(upright.height), places: 2)
        set["dimensions"] = .map(dimensions)

        if let duration = photo.probe.duration { set["duration"] = .decimal(duration, places: 3) }

        for (name, value) in photo.metadata.recordValues {
            // An original without metadata doesn't erase what the upload wrote before the first rendering.
            if value.map?.isEmpty == true, record.recipe == nil, record.attributes[name] != nil { continue }
            set[name] = value
        }
        // What the photographer typed into the gallery goes before what they once wrote into the file.
        for (name, value) in photo.metadata.descriptionValues where record.isBlank(name) { set[name] = value }
        var further: [String: [RecordValue]] = [:]
        for rendition in photo.renditions {
            let name = rendition.recordName
            let key = ObjectKeys.rendition(
                galleryID: record.galleryID, originalKey: record.s3Key, size: rendition.size,
                format: rendition.format)
            if rendition.format != .jpeg {
                further[rendition.size.name, default: []].append(.string(rendition.format.rawValue))
            }
            let url = RecordValue.string(
                urls.url(.renditions, key: key, version: String(rendition.checksum.prefix(8))))
            set["\(name)_url"] = url
            if name == RenditionSize.small.name { set["small_thumb_url"] = url }
            set["\(name)_size"] = .integer(rendition.bytes.count)
            set["\(name)_checksum"] = .string(rendition.checksum)
        }
        // A film has no large poster, but the upload wrote a URL of one, which must not lead nowhere.
        if photo.probe.format.kind == .video { set["large_url"] = set["medium_url"] }
        if !further.isEmpty { set["renditions_formats"] = .map(further.mapValues(RecordValue.list)) }
        if let sketch = photo.sketch {
            set["placeholder"] = .string(sketch.placeholder)
            set["dominant_color"] = .string(sketch.dominantColor)
            set["perceptual_hash"] = .string(sketch.perceptualHash)
        }
        let bytes = photo.renditions.reduce(0) { $0 + $1.bytes.count }
        set["renditions_size_mb"] = .decimal(Double(bytes) / 1_048_576, places: 3)
        return RecordCommit(
            photoID: record.id, s3Key: record.s3Key, fence: fence, set: set,
            remove: ["rendition_error"] + stale(in: record, set),
            status: PhotoStatus.active)
    }

    /// What an earlier rendering wrote of further formats that are no longer made.
    private static func stale(in record: PhotoRecord, _ set: [String: RecordValue]) -> [String] {
        var names = ["renditions_formats"]
        for size in RenditionSize.all {
            for format in RenditionFormat.allCases where format != .jpeg {
                let name = Rendition.recordName(size, format)
                names += ["\(name)_url", "\(name)_size", "\(name)_checksum"]
            }
        }
        return names.filter { record.attributes[$0] != nil && set[$0] == nil }
    }

    /// The change that tells the photographer that a photo could not be rendered.
    package static func failed(
        _ error: RenditionError, record: PhotoRecord, fence: Int, now: Timestamp
    ) -> RecordCommit {
        RecordCommit(
            photoID: record.id, s3Key: record.s3Key, fence: fence,
            set: [
                "rendition_error": error.recordValue,
                "rendition_fence": .integer(fence),
                "updated_at": .string(now.iso8601),
            ],
            remove: [], status: PhotoStatus.failed)
    }
}
