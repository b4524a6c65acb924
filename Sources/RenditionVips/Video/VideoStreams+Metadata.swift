import RenditionCore

extension VideoStreams {
    /// What the container's tags say of the film, by the names that Apple, Android and everybody else give them.
    var metadata: PhotoMetadata {
        let tags = Dictionary(
            (format?.tags ?? [:]).map { ($0.key.lowercased(), $0.value) }, uniquingKeysWith: { first, _ in first })
        func text(_ names: String...) -> String? {
            names.lazy.compactMap { tags[$0].flatMap(MetadataText.clean) }.first
        }
        var values = PhotoMetadata()
        values.make = text("com.apple.quicktime.make", "com.android.manufacturer", "make")
        values.model = text("com.apple.quicktime.model", "com.android.model", "model")
        // Apple's own date has the offset of the place; the container's is in UTC.
        values.dateTaken = text("com.apple.quicktime.creationdate", "creation_time").flatMap(MetadataDate.iso8601)
        values.title = text("com.apple.quicktime.title", "com.apple.quicktime.displayname", "title")
        values.caption = text("com.apple.quicktime.description", "description")
        values.copyright = text("com.apple.quicktime.copyright", "copyright")
        values.artist = text("com.apple.quicktime.author", "com.apple.quicktime.artist", "artist")
        if let place = text("com.apple.quicktime.location.iso6709", "location").flatMap(Self.place) {
            (values.latitude, values.longitude, values.altitude) = (place.latitude, place.longitude, place.altitude)
        }
        return values
    }

    /// A place as `±DD.DDDD±DDD.DDDD±AAA.AAA/` (ISO 6709:2008, annex H); in degrees and metres.
    private static func place(_ text: String) -> (latitude: Double, longitude: Double, altitude: Double?)? {
        let pattern = /([+-]\d\d(?:\.\d+)?)([+-]\d\d\d(?:\.\d+)?)([+-]\d+(?:\.\d+)?)?.*/
        guard let match = text.wholeMatch(of: pattern), let latitude = Double(match.1), let longitude = Double(match.2),
            abs(latitude) <= 90, abs(longitude) <= 180
        else { return nil }
        return (latitude, longitude, match.3.flatMap { Double($0) })
    }
}
