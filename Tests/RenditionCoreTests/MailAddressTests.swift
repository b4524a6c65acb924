import RenditionCore
import Testing

@Suite("E-mail addresses")
struct MailAddressTests {
    @Test(arguments: [
        ("no-reply@galerly.com", "no-reply@galerly.com", "galerly.com"),
        ("Galerly <no-reply@mail.galerly.com>", "no-reply@mail.galerly.com", "mail.galerly.com"),
        ("dev@localhost", "dev@localhost", "localhost"), ("a.b+c@x-y.example", "a.b+c@x-y.example", "x-y.example"),
    ])
    func areTaken(_ text: String, _ address: String, _ domain: String) throws {
        let mail = try #require(MailAddress(text))
        #expect((mail.text, mail.address, mail.domain) == (text, address, domain))
    }

    @Test(arguments: [
        "", "galerly.com", "@galerly.com", "a@", "a@b@c.example", "a b@c.example", "a@b..example", "a@-b.example",
        ".a@b.example", "a@b.example\r\nBcc: c@d.example", "a@b.example\n", "a@b.example, c@d.example",
        "Galerly a@b.example>", "Ga<lerly <a@b.example>", "Galerly\r\nBcc: c@d.example <a@b.example>", "é@b.example",
        "a@é.example", "\"Galerly\" <a@b.example>", "<a@b.example> x",
    ])
    func areRefused(_ text: String) { #expect(MailAddress(text) == nil) }
}
