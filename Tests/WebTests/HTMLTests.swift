import Testing
@testable import Web

@Suite struct HTMLTests {
  @Test func foreignTextIsEscapedAndMarkupIsNot() {
    let foreign = "<script>alert(\"x\" & 'y')</script>"
    let markup: HTML = "<b>\(foreign)</b>"
    #expect(markup.text == "<b>&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;</b>")
    let list: HTML = "<p>\(markup)\([markup, "<i>"] as [HTML])"
    #expect(list.text == "<p>\(markup.text)\(markup.text)<i>")
  }
}
