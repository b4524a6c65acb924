import RenditionAWS
import RenditionXML
import Testing

@Suite("XML answers")
struct XMLDocumentTests {
    private func root(_ text: String) throws -> XMLElement { try XMLDocument(Array(text.utf8)).root }

    @Test func elementsAreFoundByTheirNames() throws {
        let root = try root("<a><b><c>1</c></b><b><c>2</c></b></a>")
        #expect(root.name == "a")
        #expect(root["b"]?["c"]?.text == "1")
        #expect(root.children.compactMap { $0["c"]?.text } == ["1", "2"])
        #expect(root["d"] == nil)
    }

    @Test func prefixesOfNamespacesAreLeftOut() throws {
        #expect(try root(#"<x:a xmlns:x="urn:x"><x:b>1</x:b></x:a>"#)["b"]?.text == "1")
    }

    @Test func textKeepsItsSpacesAndItsEscapes() throws {
        #expect(try root("<a> 1 &amp; &#233; <![CDATA[<2>]]></a>").text == " 1 & é <2>")
    }

    @Test func textOfChildrenIsTheirs() throws { #expect(try root("<a>1<b>2</b>3</a>").text == "13") }

    @Test func bytesBeyondASCIIAreRead() throws { #expect(try root("<a>Hochzeit – ü 💍</a>").text == "Hochzeit – ü 💍") }

    @Test(arguments: ["", " ", "no", "<a>", "<a></b>", "<a/><b/>", "<a/>b", "{}", "<a>&nothing;</a>"])
    func whatIsNoXMLIsRefused(_ text: String) {
        #expect(throws: MalformedXML.self) { try root(text) }
    }

    @Test func theErrorTellsTheLineAndQuotesNothing() {
        let error = #expect(throws: MalformedXML.self) { try root("<a>\n<secret></a>") }
        #expect("\(error.map(String.init(describing:)) ?? "")" == "malformed XML in line 2")
    }

    /// What ended the process when Foundation's parser read it.
    @Test func answersOfNoServiceAreRefusedOrRead() throws {
        #expect(throws: MalformedXML.self) { try XMLDocument(Array("<a".utf8) + [0xCB] + Array("/>".utf8)) }
        #expect(try root("<a><?nothing?>1</a>").text == "1")
        let deep = 100_000
        #expect(throws: MalformedXML.self) {
            try root(String(repeating: "<a>", count: deep) + String(repeating: "</a>", count: deep))
        }
    }

    @Test(arguments: [#"SYSTEM "file:///etc/hostname""#, #""2""#])
    func entitiesAreNotResolved(_ entity: String) {
        let text = "<!DOCTYPE a [<!ENTITY e \(entity)>]><a>1&e;3</a>"
        #expect(throws: MalformedXML.self) { try root(text) }
    }
}
