import Testing

@testable import Identity

struct FormBodyTests {
  @Test(arguments: [
    // RFC 6749 appendix B.
    (" %&+£€", "+%25%26%2B%C2%A3%E2%82%AC"), ("", ""), ("azAZ09-._*", "azAZ09-._*"),
    ("~/?:@=#", "%7E%2F%3F%3A%40%3D%23"),
    ("a\r\n\u{0}", "a%0D%0A%00"),
  ])
  func encoding(_ text: String, _ encoded: String) {
    #expect(String(decoding: FormBody.encode(text.utf8), as: UTF8.self) == encoded)
  }

  @Test func everyByteIsCarried() {
    let text = String(decoding: FormBody.encode(0...255), as: UTF8.self)
    #expect(text.utf8.allSatisfy { 0x21...0x7E ~= $0 })
    #expect(text.hasPrefix("%00%01") && text.hasSuffix("%FE%FF"))
  }

  @Test func parameters() {
    var form = FormBody()
    #expect(form.bytes.isEmpty)
    form.append("token", [0x61, 0xFF, 0x26])
    form.append("client_id", "me & you")
    form.append("empty", "")
    #expect(String(decoding: form.bytes, as: UTF8.self) == "token=a%FF%26&client_id=me+%26+you&empty=")
  }
}
