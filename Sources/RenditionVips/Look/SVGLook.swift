import RenditionCore

/// The elements of an SVG file: how deep they stand in each other, the size that the first declares, and what entities
/// would become (XML 1.0, sections 3.1 and 4.2).
///
/// It reads no more of XML than that takes, and finds nothing wrong: that is the parser's to do.
enum SVGLook {
    static func look(_ bytes: UnsafeRawBufferPointer, _ limits: RenderLimits) -> Look {
        var scanner = Scanner(bytes: bytes, limits: limits)
        scanner.run()
        return scanner.look
    }

    private struct Scanner {
        let bytes: UnsafeRawBufferPointer
        let limits: RenderLimits
        var look = Look()
        private var place = 0
        private var depth = 0
        private var entities: [Substring: Int] = [:]

        init(bytes: UnsafeRawBufferPointer, limits: RenderLimits) {
            self.bytes = bytes
            self.limits = limits
        }

        mutating func run() {
            while place < bytes.count, look.nesting <= limits.nesting, look.metadata <= limits.metadata,
                look.damage == nil
            {
                let byte = bytes[place]
                if byte == UInt8(ascii: "<") {
                    readMarkup()
                } else {
                    if byte == UInt8(ascii: "&"), !entities.isEmpty { countReference(until: bytes.count) }
                    place += 1
                }
            }
        }

        private mutating func readMarkup() {
            if bytes.has("<!--", at: place) { return skip(past: "-->") }
            if bytes.has("<![CDATA[", at: place) { return skip(past: "]]>") }
            if bytes.has("<?", at: place) { return skip(past: "?>") }
            if bytes.has("<!DOCTYPE", at: place) { return readDocumentType() }
            if bytes.has("</", at: place) {
                depth -= 1
                return skip(past: ">")
            }
            let start = place
            let end = endOfTag(from: place + 1)
            let isClosed = end >= 2 && bytes[end - 2] == UInt8(ascii: "/")
            if look.nesting == 0 { readSize(String(decoding: bytes[start..<min(end, start + 8192)], as: UTF8.self)) }
            look.nesting = max(look.nesting, depth + 1)
            if !isClosed { depth += 1 }
            while !entities.isEmpty, place < end {
                if bytes[place] == UInt8(ascii: "&") { countReference(until: end) }
                place += 1
            }
            place = end
        }

        /// Behind the `>` that ends a tag: one in quotes doesn't.
        private func endOfTag(from start: Int) -> Int {
            var place = start
            var quote: UInt8?
            while place < bytes.count {
                let byte = bytes[place]
                place += 1
                if let open = quote {
                    if byte == open { quote = nil }
                } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
                    quote = byte
                } else if byte == UInt8(ascii: ">") {
                    break
                }
            }
            return place
        }

        private mutating func skip(past text: String) {
            while place < bytes.count, !bytes.has(text, at: place) { place += 1 }
            place = min(bytes.count, place + text.utf8.count)
        }

        /// The declarations between the brackets of a document type. Drawing programs declare namespaces there; one that is
        /// made of others grows as a power of their number.
        private mutating func readDocumentType() {
            place += 9
            var isInside = false
            while place < bytes.count {
                if bytes.has("<!ENTITY", at: place) {
                    let end = endOfTag(from: place + 8)
                    declare(String(decoding: bytes[place..<min(end, place + limits.metadata)], as: UTF8.self))
                    place = end
                } else if bytes.has("<!--", at: place) {
                    skip(past: "-->")
                } else if bytes[place] == UInt8(ascii: "[") {
                    isInside = true
                    place += 1
                } else if bytes[place] == UInt8(ascii: "]") {
                    isInside = false
                    place += 1
                } else if !isInside, bytes[place] == UInt8(ascii: ">") {
                    place += 1
                    return
                } else {
                    place += 1
                }
            }
        }

        private mutating func declare(_ text: String) {
            let parts = text.split(maxSplits: 2, whereSeparator: \.isWhitespace)
            guard parts.count == 3, let quote = parts[2].first, quote == "\"" || quote == "'" else { return }
            let value = parts[2].dropFirst().prefix { $0 != quote }
            if value.contains("&"), value.contains(/&[^#]/) || parts[1] == "%" {
                look.damage = "an entity that is made of others"
            }
            entities[parts[1]] = value.utf8.count
        }

        private mutating func countReference(until end: Int) {
            let name = bytes[(place + 1)..<min(end, place + 65)].prefix { $0 != UInt8(ascii: ";") }
            look.metadata += entities[Substring(decoding: name, as: UTF8.self)] ?? 0
        }

        private mutating func readSize(_ tag: String) {
            let box =
                Self.attribute("viewBox", of: tag)?
                .split { $0 == " " || $0 == "," || $0 == "\n" }.compactMap { Double($0) } ?? []
            let width = Self.attribute("width", of: tag).flatMap(Self.length) ?? (box.count == 4 ? box[2] : nil)
            let height = Self.attribute("height", of: tag).flatMap(Self.length) ?? (box.count == 4 ? box[3] : nil)
            guard let width, let height, width > 0, height > 0 else { return }
            look.add(PixelSize(width: Int(min(width, 1e15)), height: Int(min(height, 1e15))))
        }

        private static func attribute(_ name: String, of tag: String) -> Substring? {
            guard
                let place = tag.ranges(of: name).first(where: { range in
                    range.lowerBound > tag.startIndex && tag[tag.index(before: range.lowerBound)].isWhitespace
                        && tag[range.upperBound...].drop(while: \.isWhitespace).first == "="
                })
            else { return nil }
            let rest = tag[place.upperBound...].drop { $0.isWhitespace || $0 == "=" }
            guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
            return rest.dropFirst().prefix { $0 != quote }
        }

        /// In pixels, of which libvips takes 72 for an inch; nil for a share of something.
        private static func length(_ text: Substring) -> Double? {
            let number = text.prefix { $0.isNumber || "+-.eE".contains($0) }
            let unit = text.dropFirst(number.count).trimmingPrefix(/\s+/).lowercased()
            // `1em` reads as a number with an exponent.
            guard let value = Double(number) ?? Double(number.dropLast()) else { return nil }
            let factors = ["": 1, "px": 1, "pt": 1, "pc": 12, "mm": 72 / 25.4, "cm": 72 / 2.54, "in": 72]
            return factors[unit].map { value * $0 }
        }
    }
}
