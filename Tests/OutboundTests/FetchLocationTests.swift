import Testing

@testable import Outbound

struct FetchLocationTests {
  private func outcome(_ location: Fetch.Location, _ reference: String) -> String {
    do throws(Fetch.Failure) {
      let moved = try location.redirected(to: reference)
      #expect(moved.host == location.host)
      #expect(moved.port == location.port)
      #expect(moved.isSecure == location.isSecure)
      #expect(moved.authority == location.authority)
      return moved.target
    } catch {
      switch error {
      case .redirected(let target): return "refused: \(target)"
      case .badRedirect: return "bad"
      default: return "\(error)"
      }
    }
  }

  @Test(arguments: [
    ("/other", "/other"), ("/", "/"), ("/a?b=c#d", "/a?b=c"), ("https://idp.example/new?x=/y", "/new?x=/y"),
    ("https://idp.example", "/"), ("https://idp.example?x", "/?x"), ("https://idp.example#x", "/"),
    ("HTTPS://IDP.Example/new", "/new"), ("https://idp.example:443/new", "/new"), ("//idp.example/new", "/new"),
    ("//idp.example:443", "/"),
    // Another origin.
    ("http://idp.example/new", "refused: http://idp.example/new"),
    ("http://idp.example:443/new", "refused: http://idp.example:443/new"),
    ("https://idp.example:8443/new", "refused: https://idp.example:8443/new"),
    ("https://idp.example:/new", "refused: https://idp.example:/new"),
    ("https://login.example/a?state=secret", "refused: https://login.example/a"),
    ("//login.example/a", "refused: https://login.example/a"),
    ("https://idp.example.evil/", "refused: https://idp.example.evil/"),
    ("https://xidp.example", "refused: https://xidp.example"),
    ("ftp://idp.example/x", "refused: ftp://idp.example/x"),
    // No URL and no path.
    ("", "bad"), ("#x", "bad"), ("other", "bad"), ("?x", "bad"), ("../x", "bad"), ("https:/idp.example", "bad"),
    ("https://", "bad"), ("https:///x", "bad"), ("///x", "bad"), ("javascript:alert(1)", "bad"),
    ("https://user@idp.example/", "bad"), ("https://idp.example@evil.example/", "bad"), ("/a b", "bad"),
    ("/a\r\nX: y", "bad"), ("/\u{e9}", "bad"),
  ])
  func redirects(_ reference: String, _ expected: String) {
    let location = Fetch.Location(
      host: "idp.example", port: 443, target: "/doc", authority: "idp.example", isSecure: true)
    #expect(outcome(location, reference) == expected)
  }

  @Test(arguments: [
    ("http://[::1]:8080/x", "/x"), ("//[::1]:8080/x", "/x"), ("http://[::1]/x", "refused: http://[::1]/x"),
    ("http://[::1]:80/x", "refused: http://[::1]:80/x"), ("https://[::1]:8080/x", "refused: https://[::1]:8080/x"),
  ])
  func redirectsWithPorts(_ reference: String, _ expected: String) {
    let location = Fetch.Location(host: "::1", port: 8080, target: "/doc", authority: "[::1]:8080")
    #expect(outcome(location, reference) == expected)
  }

  @Test func defaultPorts() {
    let clear = Fetch.Location(host: "::1", port: 80, target: "/doc", authority: "[::1]")
    #expect(outcome(clear, "http://[::1]:80/x") == "/x")
    #expect(outcome(clear, "https://[::1]/x") == "refused: https://[::1]/x")
    #expect(clear.url == "http://[::1]/doc")
  }

  @Test func longTargetsAreCut() {
    let location = Fetch.Location(host: "h", port: 80, target: "/", authority: "h")
    let target = "https://login.example/" + String(repeating: "x", count: 500)
    #expect(outcome(location, target) == "refused: \(target.prefix(200))")
  }
}
