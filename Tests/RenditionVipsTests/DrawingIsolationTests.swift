import Foundation
import RenditionCore
import RenditionTestKit
import Testing

@testable import RenditionVips

/// An SVG shows what it holds itself and nothing from elsewhere. In one process, so that no sandbox lends a hand.
@Suite("Drawings that look elsewhere")
struct DrawingIsolationTests {
    /// What no drawing here holds.
    private static let secret = [255, 0, 255]
    private static let paint = "#ff00ff"

    /// Ways to something outside. PLACE stands for its address.
    private static let ways: [(name: String, drawing: String)] = [
        ("an image", ##"<image width="99" height="99" href="PLACE.png"/>"##),
        ("an image by XLink", ##"<image width="99" height="99" xlink:href="PLACE.png"/>"##),
        ("a drawing as an image", ##"<image width="99" height="99" xlink:href="PLACE.svg"/>"##),
        ("a use", ##"<use xlink:href="PLACE.svg#rect"/>"##),
        ("an imported style", ##"<style>@import url("PLACE.css");</style><rect width="99" height="99"/>"##),
        ("a style's picture", ##"<style>rect{fill:url("PLACE.svg#paint")}</style><rect width="99" height="99"/>"##),
        (
            "a style's font",
            ##"<style>@font-face{font-family:f;src:url("PLACE.ttf")}</style><text y="40" font-family="f">a</text>"##
        ),
        ("a paint", ##"<rect width="99" height="99" fill="url(PLACE.svg#paint)"/>"##),
        (
            "a filter's image",
            ##"<filter id="f"><feImage xlink:href="PLACE.png"/></filter><rect width="99" height="99" filter="url(#f)"/>"##
        ),
        ("a mask", ##"<rect width="99" height="99" mask="url(PLACE.svg#mask)"/>"##),
        ("an inclusion", ##"<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="PLACE.xml"/>"##),
        ("a cursor", ##"<rect width="99" height="99" cursor="url(PLACE.png)"/>"##),
        (
            "a foreign object",
            ##"<foreignObject width="99" height="99"><img xmlns="http://www.w3.org/1999/xhtml" src="PLACE.png"/></foreignObject>"##
        ),
        ("a script", ##"<script xlink:href="PLACE.js"/>"##),
        ("an entity", "ENTITY &secret;"),
        ("a parameter entity", "PARAMETER"),
        ("a document type", "DOCTYPE"),
        ("a style sheet", "STYLESHEET"),
    ]

    private static func drawing(_ body: String, at place: String) -> [UInt8] {
        let head =
            switch body {
            case "ENTITY &secret;": "<!DOCTYPE svg [<!ENTITY secret SYSTEM \"\(place).xml\">]>"
            case "PARAMETER": "<!DOCTYPE svg [<!ENTITY % secret SYSTEM \"\(place).xml\"> %secret;]>"
            case "DOCTYPE": "<!DOCTYPE svg SYSTEM \"\(place).dtd\">"
            case "STYLESHEET": "<?xml-stylesheet href=\"\(place).css\"?>"
            default: ""
            }
        let inner = body.replacing("ENTITY", with: "").replacing("PLACE", with: place)
        let attributes = ##"xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink""##
        return Array(
            "\(head)<svg \(attributes) width=\"100\" height=\"100\"><rect width=\"9\" height=\"9\" fill=\"#0000ff\"/>\(inner)</svg>"
                .utf8)
    }

    /// Renders, where that works, and looks for the secret.
    private static func shows(_ drawing: [UInt8]) throws -> Bool {
        guard let rendered = try? Rendering.render(drawing, sizes: [.thumbnail]) else { return false }
        let pixels = try Pixels(rendered.renditions[0].bytes)
        return pixels.box { near($0, secret, within: 60) } != nil
    }

    @Test(arguments: ways.indices) func nothingIsFetchedFromTheNetwork(_ index: Int) throws {
        let listener = try Listener()
        let drawing = Self.drawing(Self.ways[index].drawing, at: "http://127.0.0.1:\(listener.port)/secret")
        _ = try? Rendering.render(drawing, sizes: [.thumbnail])
        #expect(listener.calls() == 0, "\(Self.ways[index].name)")
    }

    @Test(arguments: ways.indices) func nothingIsReadFromTheMachine(_ index: Int) throws {
        let folder = TestFolder()
        let rect = "<rect id=\"rect\" width=\"99\" height=\"99\" fill=\"\(Self.paint)\"/>"
        let whole =
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"99\" height=\"99\">\(rect)<linearGradient id=\"paint\"><stop stop-color=\"\(Self.paint)\"/></linearGradient></svg>"
        try folder.write("secret.png", try Rendering.flat(PixelSize(width: 99, height: 99), [255, 0, 255]))
        try folder.write("secret.svg", Array(whole.utf8))
        try folder.write("secret.css", Array("rect{fill:\(Self.paint)}".utf8))
        try folder.write("secret.xml", Array(rect.utf8))
        try folder.write("secret.dtd", Array("<!ENTITY secret '\(rect)'>".utf8))
        for place in ["file://\(folder.path)/secret", "\(folder.path)/secret"] {
            #expect(try !Self.shows(Self.drawing(Self.ways[index].drawing, at: place)), "\(Self.ways[index].name)")
        }
        // A path from the working directory on.
        let before = FileManager.default.currentDirectoryPath
        #expect(FileManager.default.changeCurrentDirectoryPath(folder.path))
        defer { _ = FileManager.default.changeCurrentDirectoryPath(before) }
        #expect(try !Self.shows(Self.drawing(Self.ways[index].drawing, at: "secret")), "\(Self.ways[index].name)")
    }

    /// The listener notices a call, or the test above would say nothing.
    @Test func aCallWouldBeNoticed() async throws {
        let listener = try Listener()
        _ = try await Command.run("curl", ["--max-time", "1", "http://127.0.0.1:\(listener.port)/secret"])
        #expect(listener.calls() == 1)
    }

    /// What it holds itself is shown: the test above would see the secret.
    @Test func whatADrawingHoldsIsShown() throws {
        let png = try Rendering.flat(PixelSize(width: 99, height: 99), [255, 0, 255])
        let data = "data:image/png;base64,\(Data(png).base64EncodedString())"
        #expect(try Self.shows(Self.drawing(##"<image width="99" height="99" xlink:href="PLACE"/>"##, at: data)))
        #expect(try Self.shows(Self.drawing("<rect width=\"99\" height=\"99\" fill=\"\(Self.paint)\"/>", at: "")))
    }

    /// A drawing in a drawing reaches no further than the outer one.
    @Test func aDrawingWithinADrawingLooksNowhereEither() throws {
        let listener = try Listener()
        let folder = TestFolder()
        try folder.write("secret.png", try Rendering.flat(PixelSize(width: 99, height: 99), [255, 0, 255]))
        for place in ["http://127.0.0.1:\(listener.port)/secret", "file://\(folder.path)/secret"] {
            let inner = Data(Self.drawing(Self.ways[1].drawing, at: place)).base64EncodedString()
            let outer = ##"<image width="99" height="99" xlink:href="PLACE"/>"##
            #expect(try !Self.shows(Self.drawing(outer, at: "data:image/svg+xml;base64,\(inner)")))
        }
        #expect(listener.calls() == 0)
    }
}
