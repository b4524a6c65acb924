import RenditionCore

extension XMPPacket {
    /// What the photographer wrote: it goes before IPTC and Exif.
    func fillDescription(_ metadata: inout PhotoMetadata) {
        metadata.title = metadata.title ?? text("dc:title", "photoshop:Headline")
        metadata.caption = metadata.caption ?? text("dc:description")
        if metadata.keywords.isEmpty { metadata.keywords = PhotoMetadata.keywords(texts("dc:subject")) }
        // -1 is "rejected", 0 is "not rated".
        metadata.rating = metadata.rating ?? number("xmp:Rating").flatMap { (1...5).contains($0) ? Int($0) : nil }
        metadata.copyright = metadata.copyright ?? text("dc:rights")
        metadata.usageTerms = metadata.usageTerms ?? text("xmpRights:UsageTerms")
        metadata.credit = metadata.credit ?? text("photoshop:Credit")
        let authors = texts("dc:creator")
        if metadata.artist == nil, !authors.isEmpty { metadata.artist = authors.joined(separator: "; ") }
    }

    /// What a camera or phone wrote: it only stands in for what the Exif block lacks.
    func fillCamera(_ metadata: inout PhotoMetadata) {
        metadata.make = metadata.make ?? text("tiff:Make")
        metadata.model = metadata.model ?? text("tiff:Model")
        metadata.lens = metadata.lens ?? text("exifEX:LensModel", "aux:Lens")
        metadata.iso =
            metadata.iso
            ?? number("exifEX:PhotographicSensitivity", "exif:ISOSpeedRatings")
            .flatMap { (1...10_000_000).contains($0) ? Int($0) : nil }
        metadata.aperture =
            metadata.aperture ?? positive("exif:FNumber") ?? number("exif:ApertureValue").flatMap(Apex.aperture)
        metadata.shutterSpeed =
            metadata.shutterSpeed ?? positive("exif:ExposureTime")
            ?? number("exif:ShutterSpeedValue").flatMap(Apex.exposureTime)
        metadata.focalLength = metadata.focalLength ?? positive("exif:FocalLength")
        metadata.dateTaken =
            metadata.dateTaken
            ?? text("exif:DateTimeOriginal").flatMap(MetadataDate.iso8601)
            ?? text("photoshop:DateCreated").flatMap(MetadataDate.iso8601)
        metadata.dateDigitized =
            metadata.dateDigitized
            ?? text("exif:DateTimeDigitized", "xmp:CreateDate").flatMap(MetadataDate.iso8601)
        if metadata.latitude == nil, let latitude = coordinate("exif:GPSLatitude", limit: 90),
            let longitude = coordinate("exif:GPSLongitude", limit: 180)
        {
            metadata.latitude = latitude
            metadata.longitude = longitude
        }
        if metadata.altitude == nil, let metres = number("exif:GPSAltitude") {
            metadata.altitude = number("exif:GPSAltitudeRef") == 1 ? -metres : metres
        }
    }

    private func positive(_ name: String) -> Double? { number(name).flatMap { $0 > 0 ? $0 : nil } }

    /// Degrees from `DDD,MM,SSk` or `DDD,MM.mmk`, where k is one of N, S, E and W.
    private func coordinate(_ name: String, limit: Double) -> Double? {
        guard let text = text(name), let direction = text.last?.uppercased(),
            let sign = ["N": 1.0, "E": 1.0, "S": -1.0, "W": -1.0][direction]
        else { return nil }
        let parts = text.dropLast().split(separator: ",").map { Double($0) }
        guard (1...3).contains(parts.count), !parts.contains(nil) else { return nil }
        let value = zip(parts, [1, 60, 3600]).reduce(0) { $0 + ($1.0 ?? 0) / $1.1 }
        guard value.isFinite, value >= 0, value <= limit else { return nil }
        return sign * value
    }
}
