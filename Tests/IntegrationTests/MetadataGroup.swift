/// What a tag says of a photo or its maker, by exiftool's names.
enum MetadataGroup: String, CaseIterable {
    case place, serial = "serial numbers", owner, thumbnail = "thumbnails, previews", makerNote = "maker notes"
    case camera, date = "dates", other = "all else"
    case rights = "artist, copyright, credit, terms"
    case profile = "colour profile"

    /// What no client of a gallery is to see.
    static let hidden: [MetadataGroup] = [.place, .serial, .owner, .thumbnail, .makerNote, .camera, .date, .other]

    /// The groups of a tag, which may be several; none for what only says how the file is built.
    ///
    /// - Parameter tag: As `exiftool -G0:1` writes it: `EXIF:IFD0:Make`.
    static func of(_ tag: String) -> [MetadataGroup] {
        let parts = tag.split(separator: ":").map(String.init)
        guard let family = parts.first, let name = parts.last, parts.count > 1 else { return [] }
        func says(_ words: String...) -> Bool { words.contains { name.contains($0) } }
        func isOne(of names: String...) -> Bool { names.contains(name) }
        switch family {
        case "ICC_Profile": return [.profile]
        case "File": return name == "Comment" ? [.other] : []
        case "ExifTool", "System", "Composite", "JFIF", "RIFF", "QuickTime", "PNG", "GIF": return []
        default: break
        }
        if isOne(of: "XMPToolkit") { return [] }
        // Whether Camera Raw showed one, and whether a box was ticked.
        if isOne(of: "UprightPreview", "CopyrightFlag") { return [.other] }
        var groups: [MetadataGroup] = []
        if family == "MakerNotes" || says("MakerNote") { groups.append(.makerNote) }
        if family == "MPF" || parts.contains("IFD1") || says("Thumbnail", "Preview", "JpgFromRaw", "PageImage") {
            groups.append(.thumbnail)
        }
        if parts.contains("GPS") || says("GPS", "Location", "City", "Country", "Province", "State", "Address") {
            groups.append(.place)
        }
        if says("Serial") { groups.append(.serial) }
        if says("Owner") { groups.append(.owner) }
        if says("Copyright", "Rights", "Credit", "UsageTerms", "WebStatement")
            || isOne(of: "Artist", "By-line", "Marked") || tag == "XMP:XMP-dc:Creator"
        {
            groups.append(.rights)
        }
        if says("Date", "OffsetTime", "SubSecTime", "TimeCreated", "TimeStamp", "TimeZone") { groups.append(.date) }
        if says("Make", "Model", "Lens", "Exposure", "ISO", "Aperture", "FocalLength", "Flash", "Software", "Metering")
            || isOne(of: "FNumber", "ShutterSpeedValue", "WhiteBalance", "HostComputer", "CreatorTool")
        {
            groups.append(.camera)
        }
        return groups.isEmpty ? [.other] : groups
    }
}
