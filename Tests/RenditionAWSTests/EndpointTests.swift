import RenditionAWS
import Testing

@Suite("Endpoints")
struct EndpointTests {
    @Test(arguments: [
        ("http://localhost:4566", "localhost", 4566), ("https://s3.example.com/", "s3.example.com", nil),
        ("http://[::1]:4566", "[::1]", 4566), ("http://[::1]", "[::1]", nil),
    ])
    func areRead(_ text: String, _ host: String, _ port: Int?) {
        let endpoint = Endpoint(text)
        #expect(endpoint?.host == host)
        #expect(endpoint?.port == port)
    }

    @Test(arguments: ["localhost:4566", "ftp://x", "http://", "http://a/b", "http://u@a", "http://a:0", "http://a:x"])
    func whatIsNoEndpointIsRefused(_ text: String) {
        #expect(Endpoint(text) == nil)
    }
}
