import CVips
import RenditionCore

/// Makes a mark from its logo and text, to fit a room.
enum StampMaker {
    /// - Parameter room: The mark gets the room's width, unless it would be higher than the room then.
    static func make(_ watermark: Watermark, _ room: PixelSize) throws -> Stamp {
        switch (watermark.logo, watermark.text) {
        case (let logo?, nil):
            return try Stamp(try self.logo(logo, room))
        case (nil, let text?):
            return try Stamp(try MarkText.image(text, room))
        case (let logo?, let text?):
            let gap = max(1, room.width / 20)
            let textRoom = PixelSize(width: room.width, height: max(1, room.height / 3))
            let lettering = try MarkText.image(text, textRoom)
            let rest = PixelSize(width: room.width, height: max(1, room.height - lettering.size.height - gap))
            let join = try Operation("join")
            try join.set("in1", try self.logo(logo, rest))
            try join.set("in2", lettering)
            try join.set("direction", Int(VIPS_DIRECTION_VERTICAL.rawValue))
            try join.set("align", Int(VIPS_ALIGN_CENTRE.rawValue))
            try join.set("expand", true)
            try join.set("shim", gap)
            let joined = try join.image().rendered()
            let size = joined.size
            if size.width <= room.width, size.height <= room.height { return try Stamp(joined) }
            return try Stamp(try reduce(joined, to: fitted(size, room)))
        case (nil, nil):
            throw VipsError("watermark", "there is neither a logo nor a text")
        }
    }

    /// A logo's pixels may be this many.
    private static let pixelLimit = 100_000_000

    private static func logo(_ logo: Watermark.Logo, _ room: PixelSize) throws -> Image {
        do {
            let format = try OriginalFormat.detect(logo.bytes)
            guard [.png, .jpeg, .webp].contains(format) else { throw VipsError("watermark", "a \(format.rawValue)") }
            // A closure returns no image, but a reference to one.
            let handle = try logo.bytes.withUnsafeBytes { bytes in
                let opened = try PictureFile.open(bytes, format, RenderLimits(pixels: pixelLimit))
                guard opened.probe.stored.pixels <= pixelLimit else {
                    throw VipsError("watermark", "\(opened.probe.stored) pixels")
                }
                let upright = opened.probe.upright
                let image = try OrientStep.upright(
                    try colours(opened.image.reference()), orientation: opened.probe.orientation)
                // The pixels must not outlive the file's bytes.
                let reduced = try reduce(image, to: fitted(upright, room)).rendered()
                shim_ref(reduced.handle)
                return reduced.handle
            }
            return Image(owning: handle)
        } catch let error as RenditionError {
            throw damaged(error.detail ?? error.message)
        } catch let error as VipsError {
            if error.isExhaustion { throw error }
            throw damaged("\(error.operation): \(error.text)")
        }
    }

    private static func damaged(_ detail: String) -> RenditionError {
        RenditionError(
            code: "watermark_damaged", stage: .render, retriable: true,
            message: "The watermark's logo can't be read, and photos aren't shown without it. "
                + "Upload it again as a PNG in the settings, or turn the watermark off.",
            detail: detail)
    }

    private static func fitted(_ size: PixelSize, _ room: PixelSize) -> PixelSize {
        let scale = min(Double(room.width) / Double(size.width), Double(room.height) / Double(size.height))
        return PixelSize(
            width: max(1, Int((Double(size.width) * scale).rounded())),
            height: max(1, Int((Double(size.height) * scale).rounded())))
    }

    /// 8-bit sRGB with alpha, by the logo's own profile.
    private static func colours(_ logo: consuming Image) throws -> Image {
        var image = logo
        if image.format == VIPS_FORMAT_USHORT {
            // The alpha of 16 bits would keep its range where the colours don't.
            let isGrey = image.bands < 3
            let msb = try Operation("msb")
            try msb.set("in", image)
            let copy = try Operation("copy")
            try copy.set("in", try msb.image())
            try copy.set(
                "interpretation", Int((isGrey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB).rawValue))
            image = try copy.image()
        }
        var ignored = PhotoMetadata()
        image = try ColourStep.convert(image, from: ColourStep.source(of: image, &ignored))
        guard !image.hasAlpha else { return image }
        let alpha = try Operation("bandjoin_const")
        try alpha.set("in", image)
        try alpha.set("c", [255])
        return try Stamp.bytes(try alpha.image())
    }

    /// Resizes with colours multiplied by alpha, or what is invisible would fringe what is seen.
    private static func reduce(_ image: consuming Image, to size: PixelSize) throws -> Image {
        let premultiply = try Operation("premultiply")
        try premultiply.set("in", try image.rendered())
        let resized = try ResizeStep.reduce(try premultiply.image(), to: size)
        let unpremultiply = try Operation("unpremultiply")
        try unpremultiply.set("in", resized)
        return try Stamp.bytes(try unpremultiply.image())
    }
}
