import Identity
import Outbound
import Testing

struct DocumentURLTests {
  @Test(arguments: [
    ("http://localhost/a", "localhost", 80, "/a", "localhost"),
    ("http://localhost:8080/a/b?c=d", "localhost", 8_080, "/a/b?c=d", "localhost:8080"),
    ("http://127.0.0.1", "127.0.0.1", 80, "/", "127.0.0.1"),
    ("http://127.1.2.3:1?x", "127.1.2.3", 1, "/?x", "127.1.2.3:1"),
    ("http://[::1]:9000/k#frag", "::1", 9_000, "/k", "[::1]:9000"),
    ("http://[::1]", "::1", 80, "/", "[::1]"),
    ("http://localhost:65535/", "localhost", 65_535, "/", "localhost:65535"),
  ])
  func loopback(_ url: String, _ host: String, _ port: Int, _ target: String, _ authority: String) throws {
    let location = try DocumentURL.location(of: url, allowPlaintext: false)
    #expect(location == Fetch.Location(host: host, port: port, target: target, authority: authority))
  }

  @Test(arguments: [
    "", "/a", "localhost", "ftp://localhost/", "HTTP://localhost/", "http:/localhost", "http://", "http:///a",
    "http://:80/",
    "http://localhost:/", "http://localhost:0/", "http://localhost:65536/", "http://localhost:8x/",
    "http://localhost:-1/",
    "http://a@localhost/", "http://localhost@evil/", "http://a:b@localhost/", "http://[::1", "http://[::1]x/",
    "http://[::1]:/", "http://[]/", "http://[fe80::1%25eth0]/", "http://local host/", "http://localhost/a b",
    "http://localhost/\n", "http://localhost/ü", "http://loc%61lhost/",
  ])
  func malformed(_ url: String) {
    #expect(throws: DocumentURL.Fault.malformed) { try DocumentURL.location(of: url, allowPlaintext: true) }
  }

  @Test(arguments: [
    "http://idp.example/", "http://10.0.0.1/", "http://0.0.0.0/", "http://127.0.0.1.evil.example/", "http://127.0.0/",
    "http://127.0.0.256/", "http://localhost.evil.example/", "http://[::2]/", "http://[::ffff:127.0.0.1]/",
    "http://128.0.0.1/",
  ])
  func clearTextToOtherMachines(_ url: String) throws {
    #expect(throws: DocumentURL.Fault.plaintext) { try DocumentURL.location(of: url, allowPlaintext: false) }
    #expect(try DocumentURL.location(of: url, allowPlaintext: true).target == "/")
  }

  @Test(arguments: [("https://idp.example/keys?v=1", 443, "/keys?v=1"), ("https://idp.example:8443", 8443, "/")])
  func encryptedOnes(_ url: String, _ port: Int, _ target: String) throws {
    let location = try DocumentURL.location(of: url, allowPlaintext: false)
    #expect(location.isSecure)
    #expect(location.host == "idp.example")
    #expect(location.port == port)
    #expect(location.target == target)
  }

  @Test func faultsAreSaidInWords() {
    #expect(DocumentURL.Fault.plaintext.description.contains("allow_plaintext_provider"))
    #expect(DocumentURL.Fault.malformed.description.contains("URL"))
  }
}
