import HTTP
import Testing

struct StatusTests {
  @Test(arguments: [
    (100, "Continue"), (200, "OK"), (202, "Accepted"), (204, "No Content"), (308, "Permanent Redirect"),
    (401, "Unauthorized"), (403, "Forbidden"), (407, "Proxy Authentication Required"),
    (421, "Misdirected Request"), (431, "Request Header Fields Too Large"),
    (502, "Bad Gateway"), (504, "Gateway Timeout"), (299, ""), (999, ""),
  ])
  func reasonPhrases(_ status: Int, _ reason: String) { #expect(Status.reason(status).description == reason) }

  /// A phrase stands in the status line as it is.
  @Test func phrasesAreVisibleASCII() {
    for status in 100...599 {
      #expect(Status.reason(status).description.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F })
    }
  }
}
