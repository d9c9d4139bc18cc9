import MCP
import Testing

@Suite struct MCPHeaderTests {
  /// GW-101: the markers are exact, the Base64 canonical, the text UTF-8.
  @Test(
    arguments: [
      ("add", "add"),
      ("", ""),
      ("=?base64?YWRk?=", "add"),
      ("=?base64?TWl0dGFnZ8O8?=", "Mittaggü"),
      ("=?base64??=", ""),
      ("=?base64?Pz8+Pj8/?=", "??>>??"),
      ("=?base64?bGluZTEKbGluZTI=?=", "line1\nline2"),
      ("=?base64?YQ==?=", "a"),
      ("=?BASE64?YWRk?=", "=?BASE64?YWRk?="),
      ("=?base64?=", "=?base64?="),
      ("=?base64?YWRk", "=?base64?YWRk"),
      ("=?base64?YQ?=", nil),
      ("=?base64?YR==?=", nil),
      ("=?base64?Y===?=", nil),
      ("=?base64?YW-k?=", nil),
      ("=?base64?YW_k?=", nil),
      ("=?base64?Y Rk?=", nil),
      ("=?base64?/w==?=", nil),
    ] as [(String, String?)])
  func decodes(value: String, expected: String?) {
    #expect(MCPHeader.decoded(value) == expected)
  }
}
