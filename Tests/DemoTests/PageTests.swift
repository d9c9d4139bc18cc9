@testable import Demo
import Testing
import Web

@Suite struct PageTests {
  @Test func nothingButItsOwnStyleIsLoaded() throws {
    let browser = try TestBrowser()
    let signIn = browser.authorize(browser.register())
    let policy = try #require(signIn.field("content-security-policy"))
    #expect(policy.hasPrefix("default-src 'none'; style-src 'unsafe-inline'"))
    #expect(policy.contains("frame-ancestors 'none'"))
    #expect(policy.contains("form-action 'self'"))
    #expect(signIn.field("x-frame-options") == "DENY")
    #expect(signIn.field("referrer-policy") == "no-referrer")
    #expect(signIn.field("content-type") == "text/html; charset=utf-8")
  }

  /// Chromium applies `form-action` to the redirect that follows the form, too, and to the client's own
  /// redirects.
  @Test func theConsentFormMayEndInTheClient() throws {
    let browser = try TestBrowser()
    let consent = browser.signIn(on: browser.authorize(browser.register()))
    #expect(consent.field("content-security-policy")?.contains("form-action") == false)
  }

  @Test func pagesAreAccessibleAndFitAPhone() {
    let page = Page(title: "A & B", body: "<p>x</p>").reply().text
    for part in [
      "<html lang=\"en\">", "<title>A &amp; B – Portcullis demo</title>", "width=device-width",
      "<h1>A &amp; B</h1>",
      "prefers-color-scheme: dark", "<main>", ":focus-visible",
    ] {
      #expect(page.contains(part))
    }
  }

  @Test func everyInputHasALabel() throws {
    let browser = try TestBrowser()
    let page = browser.authorize(browser.register()).text
    for name in ["username", "password"] {
      #expect(page.contains("<label for=\"\(name)\">") && page.contains("<input id=\"\(name)\""))
    }
  }

  @Test func refusalsAreAnnounced() {
    let reply = Page.refusal("No & no", status: 403).reply()
    #expect(reply.status == 403)
    #expect(reply.text.contains("<p role=\"alert\">No &amp; no</p>"))
  }
}
