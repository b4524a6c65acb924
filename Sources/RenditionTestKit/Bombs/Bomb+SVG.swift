import Foundation

extension Bomb {
    static let drawings: [Bomb] = [
        Bomb("svg-box.svg", svg("", attributes: #"viewBox="0 0 1000000000 1000000000""#), .refused("too_many_pixels")),
        Bomb(
            "svg-metres.svg", svg("", attributes: #"width="100000cm" height="100000cm""#), .refused("too_many_pixels")),
        Bomb("svg-endless.svg", svg("", attributes: #"width="1e300" height="1e300""#), .refused("too_many_pixels")),
        Bomb("svg-use-of-use.svg", svg(uses(levels: 20))),
        Bomb("svg-use-of-itself.svg", svg(##"<g id="a"><use xlink:href="#a"/></g><use xlink:href="#a"/>"##)),
        Bomb("svg-deep.svg", svg(String(repeating: "<g>", count: 100_000)), .refused("too_deep")),
        Bomb(
            "svg-95-deep.svg",
            svg(String(repeating: "<g>", count: 95) + String(repeating: "</g>", count: 95)), .rendered),
        Bomb("svg-entities.svg", Array(laughs("svg").utf8) + svg("<text>&l9;</text>"), .refused("damaged")),
        Bomb("svg-long-entity.svg", longEntity, .refused("too_much_metadata")),
        Bomb("svg-namespace-entities.svg", namespaces, .rendered),
        Bomb(
            "svg-pattern-of-itself.svg",
            svg(
                ##"<pattern id="p" width="1" height="1"><rect width="9" height="9" fill="url(#p)"/></pattern><rect width="90" height="90" fill="url(#p)"/>"##
            )),
        Bomb(
            "svg-mask-of-itself.svg",
            svg(
                ##"<mask id="m"><rect width="9" height="9" mask="url(#m)"/></mask><rect width="90" height="90" mask="url(#m)"/>"##
            )),
        Bomb("svg-filters.svg", filters, .refused("too_slow"), .refused("poison")),
        Bomb("svg-tile-of-nothing.svg", tile, .refused("poison"), .rendered),
        Bomb("svg-picture-of-a-bomb.svg", picture),
        Bomb(
            "svg-comment-without-end.svg",
            Array("<svg xmlns='http://www.w3.org/2000/svg'><!--".utf8) + Pack.zeros(100_000)),
        Bomb(
            "svg-tag-without-end.svg",
            Array("<svg xmlns='http://www.w3.org/2000/svg' a='".utf8) + [UInt8](repeating: 0x3C, count: 1_000_000)),
        Bomb("svg-packed.svg", squeezed, .refused("unsupported")),
        Bomb("svg-packed.svgz", squeezed, .refused("unsupported")),
    ]

    private static func svg(_ body: String, attributes: String = #"width="100" height="100""#) -> [UInt8] {
        Array(
            ##"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" \##(attributes)>\##(body)</svg>"##
                .utf8)
    }

    /// Ten to the power of the levels.
    private static func uses(levels: Int) -> String {
        let groups = (1...levels).map { level in
            #"<g id="g\#(level)">"# + String(repeating: ##"<use xlink:href="#g\##(level - 1)"/>"##, count: 10) + "</g>"
        }
        return
            ##"<defs><rect id="g0" width="9" height="9"/>\##(groups.joined())</defs><use xlink:href="#g\##(levels)"/>"##
    }

    private static var longEntity: [UInt8] {
        let value = String(repeating: "x", count: 3000)
        return Array("<!DOCTYPE svg [<!ENTITY a \"\(value)\">]>".utf8)
            + svg("<text>" + String(repeating: "&a;", count: 30_000) + "</text>")
    }

    /// What Illustrator writes.
    private static let namespaces =
        Array(
            #"<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [<!ENTITY ns_ai "http://ns.adobe.com/AdobeIllustrator/10.0/">]>"#
                .utf8)
        + svg(#"<g xmlns:i="&ns_ai;"><rect width="50" height="50"/></g>"#)

    /// Effects over effects, over 36 megapixels each.
    private static let filters: [UInt8] = {
        let effects = String(
            repeating:
                #"<feTurbulence baseFrequency="0.9" numOctaves="10"/><feMorphology operator="dilate" radius="90"/>"#,
            count: 50)
        return svg(
            #"<filter id="f" x="0" y="0" width="1" height="1">\#(effects)</filter><rect width="6000" height="6000" filter="url(#f)"/>"#,
            attributes: #"width="6000" height="6000""#)
    }()

    /// A region without pixels, over which librsvg 2.54 ends the process that it runs in.
    private static let tile = svg(
        #"<filter id="f"><feFlood x="10" y="10" width="0" height="0"/><feTile/></filter><rect x="20" y="20" width="60" height="60" filter="url(#f)"/>"#
    )

    private static var picture: [UInt8] {
        let inner = Data(pngs[0].bytes).base64EncodedString()
        return svg(#"<image width="90" height="90" xlink:href="data:image/png;base64,\#(inner)"/>"#)
    }

    /// Ten megabytes of blanks that gzip makes ten thousand bytes of, and of these a few.
    private static let squeezed: [UInt8] = {
        let stream = packed(svg("") + [UInt8](repeating: 0x20, count: 10_000_000))
        return [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3] + stream.dropFirst(2).dropLast(4) + Pack.zeros(8)
    }()
}
