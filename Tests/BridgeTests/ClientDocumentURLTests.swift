import Outbound
import Testing

@testable import Bridge

struct ClientDocumentURLTests {
  @Test(arguments: [
    ("https://claude.ai/oauth/claude-code-client-metadata", "claude.ai", 443, "/oauth/claude-code-client-metadata"),
    ("https://vscode.dev/oauth/client-metadata.json", "vscode.dev", 443, "/oauth/client-metadata.json"),
    ("https://App.Example:8443/c?v=1", "app.example", 8443, "/c?v=1"),
    ("https://app.example:443/c", "app.example", 443, "/c"),
    ("https://xn--bcher-kva.example/..c/c..", "xn--bcher-kva.example", 443, "/..c/c.."),
    ("https://1.example.1a/c//d/", "1.example.1a", 443, "/c//d/"),
  ])
  func accepted(_ text: String, _ host: String, _ port: Int, _ target: String) throws {
    let url = try ClientDocumentURL(text)
    #expect(url.text == text)
    #expect(url.host == host)
    #expect(!url.isInternal)
    #expect(url.location.url == text)
    #expect(url.location.isSecure)
    #expect((url.location.host.lowercased(), url.location.port, url.location.target) == (host, port, target))
  }

  @Test(arguments: [
    ("", "it is not https"), ("http://app.example/c", "it is not https"), ("HTTPS://app.example/c", "it is not https"),
    ("https:/app.example/c", "it is not https"), ("ftp://app.example/c", "it is not https"),
    ("https://app.example", "it has no path"), ("https://app.example/", "it has no path"),
    ("https://app.example?c", "it has no path"), ("https://app.example/?c", "it has no path"),
    ("https://", "it has no path"), ("https:///c", "it names no host"),
    ("https://app.example/c#", "it has a fragment"), ("https://app.example/c#d", "it has a fragment"),
    ("https://user@app.example/c", "it has user information"), ("https://u:p@app.example/c", "it has user information"),
    ("https://127.0.0.1:443@app.example/c", "it has user information"),
    ("https://app.example/./c", "it has dot segments"), ("https://app.example/a/../c", "it has dot segments"),
    ("https://app.example/..", "it has dot segments"), ("https://app.example/a/%2e%2E/c", "it has dot segments"),
    ("https://app.example/a/.%2e/c", "it has dot segments"), ("https://app.example/%2e", "it has dot segments"),
    ("https://app.example:/c", "it names no host"), ("https://app.example:0/c", "it names no host"),
    ("https://app.example:65536/c", "it names no host"), ("https://app.example:+1/c", "it names no host"),
    ("https://app.example:44x/c", "it names no host"), ("https://:443/c", "it names no host"),
    ("https://app_1.example/c", "it names no host"), ("https://app%2eexample/c", "it names no host"),
    ("https://a.example,b.example/c", "it names no host"), ("https://[::1/c", "it names no host"),
    ("https://app.example\\@evil.example/c", "it has characters that no URL has"),
    ("https://app.example/c d", "it has characters that no URL has"),
    ("https://app.example/c\r\nX: y", "it has characters that no URL has"),
    ("https://bücher.example/c", "it has characters that no URL has"),
    ("https://app.example/" + String(repeating: "c", count: 1_024), "it is longer than 1024 characters"),
    // Names of this network.
    ("https://localhost/c", "its host is no name of the internet"),
    ("https://intranet/c", "its host is no name of the internet"),
    ("https://app.example./c", "its host is no name of the internet"),
    ("https://.example/c", "its host is no name of the internet"),
    ("https://a..example/c", "its host is no name of the internet"),
    ("https://-a.example/c", "its host is no name of the internet"),
    ("https://" + String(repeating: "a", count: 64) + ".example/c", "its host is no name of the internet"),
    // Addresses, in all spellings.
    ("https://127.0.0.1/c", "its host is an address"), ("https://8.8.8.8/c", "its host is an address"),
    ("https://[::1]/c", "its host is an address"), ("https://[2600::1]:443/c", "its host is an address"),
    ("https://[::ffff:127.0.0.1]/c", "its host is an address"), ("https://127.1/c", "its host is an address"),
    ("https://2130706433/c", "its host is an address"), ("https://0x7f000001/c", "its host is an address"),
    ("https://0X7F.1/c", "its host is an address"), ("https://0177.0.0.1/c", "its host is an address"),
    ("https://0x7f.0.0.0x1/c", "its host is an address"), ("https://app.example.0x/c", "its host is an address"),
    ("https://127.0.0.1./c", "its host is an address"), ("https://app.1/c", "its host is an address"),
  ])
  func refused(_ text: String, _ why: String) {
    #expect(throws: ClientDocumentFault.badURL(why)) { try ClientDocumentURL(text) }
  }

  /// The operator knows what these are.
  @Test(arguments: [
    ("https://apps.corp.example/c", true), ("https://APPS.corp.example:8443/c", true), ("https://intranet/c", true),
    ("https://10.0.0.1/c", true), ("https://[fd00::1]:8443/c", true), ("https://a.b.lab.example/c", true),
    ("https://other.corp.example/c", false), ("https://lab.example/c", false), ("https://notlab.example/c", false),
  ])
  func internalHosts(_ text: String, _ isInternal: Bool) throws {
    let hosts = HostNames(["apps.Corp.example", "intranet", "10.0.0.1", "[fd00::1]", "*.lab.example"])
    #expect(try ClientDocumentURL(text, internalHosts: hosts).isInternal == isInternal)
  }

  @Test(arguments: [
    (["claude.ai"], ["claude.ai"], ["www.claude.ai", "claude.ai.evil.example", "xclaude.ai", ""]),
    (["*.claude.ai"], ["www.claude.ai", "a.b.claude.ai"], ["claude.ai", "xclaude.ai", ".claude.ai", "claude.ai.x"]),
    (["*.a.example", "b.example"], ["x.a.example", "b.example"], ["a.example", "x.b.example"]),
    (["fd00::1"], ["fd00::1"], ["fd00::2"]), ([], [], ["claude.ai", ""]),
  ])
  func lists(_ names: [String], _ inside: [String], _ outside: [String]) {
    let list = HostNames(names)
    for host in inside { #expect(list.contains(host), "\(host)") }
    for host in outside { #expect(!list.contains(host), "\(host)") }
  }
}
