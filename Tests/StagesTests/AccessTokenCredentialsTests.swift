import Bytes
import HTTP
import Pipeline
import Stages
import Testing

struct AccessTokenCredentialsTests {
  /// What is found, in words.
  private func find(_ fields: [(String, String)], query: String? = nil) -> String {
    switch AccessTokenCredentials.find(in: Exchange.request(query: query, fields: fields).request) {
    case .none: "none"
    case .token(let credentials): "\(credentials.scheme == .dpop ? "dpop" : "token") \(credentials.token.text)"
    case .malformed(_, let reason): "malformed \(reason)"
    }
  }

  @Test(arguments: [
    ("Bearer abc.def.ghi", "token abc.def.ghi"), ("bearer abc", "token abc"), ("BEARER abc", "token abc"),
    ("bEaReR abc", "token abc"), ("Bearer   abc", "token abc"), ("Bearer abc==", "token abc=="),
    // Another scheme is no bearer token: the client is told to get one.
    ("Basic dXNlcjpwdw==", "none"), ("Bearerabc", "none"), ("Bearer\tabc", "none"),
    ("Bearer,abc", "none"), ("", "none"), ("abc", "none"), ("Token Bearer abc", "none"),
    ("DPoP abc", "dpop abc"), ("dpop   abc", "dpop abc"), ("DPoP", "malformed empty_token"),
    // GW-07: it says Bearer and then nothing.
    ("Bearer", "malformed empty_token"), ("Bearer    ", "malformed empty_token"), ("bearer", "malformed empty_token"),
  ])
  func oneField(_ value: String, _ expected: String) { #expect(find([("authorization", value)]) == expected) }

  @Test func noField() {
    #expect(find([]) == "none")
    #expect(
      find([("X-Authorization", "Bearer abc"), ("Proxy-Authorization", "Bearer abc"), ("Cookie", "access_token=abc")])
        == "none")
  }

  /// GW-07.
  @Test(arguments: [
    ["Bearer abc", "Bearer abc"], ["Bearer abc", "Basic x"], ["Basic x", "Bearer abc"], ["", ""], ["Bearer", "Bearer"],
  ])
  func severalFields(_ values: [String]) {
    #expect(find(values.map { ("Authorization", $0) }) == "malformed repeated_authorization")
  }

  /// GW-40: a token in the query is never taken; together with one in the field the request is malformed.
  @Test(arguments: [
    ("access_token=abc", true), ("a=b&access_token=abc", true), ("access_token", true), ("access_token=", true),
    ("ACCESS_TOKEN=abc", true), ("access%5Ftoken=abc", true), ("access%5", false), ("a&access_token=abc&b", true),
    ("", false), ("access_tokens=abc", false),
    ("my_access_token=abc", false), ("a=access_token", false), ("a=b", false), ("access-token=abc", false),
  ])
  func inTheQuery(_ query: String, _ isToken: Bool) {
    #expect(query.lend { AccessTokenCredentials.hasToken($0) } == isToken)
    #expect(find([], query: query) == "none")
    #expect(
      find([("Authorization", "Bearer abc")], query: query) == (isToken ? "malformed token_in_query" : "token abc"))
  }

  @Test(arguments: [
    ("a", true), ("AZaz09-._~+/", true), ("abc=", true), ("abc==", true), ("", false), ("=", false), ("==", false),
    ("a=b", false),
    ("=a", false), ("a b", false), ("a,b", false), ("a\"", false), ("a\u{0}", false), ("a\u{80}", false),
    ("a;b", false), ("a:b", false),
  ])
  func syntax(_ token: String, _ isValid: Bool) {
    #expect(token.lend { AccessTokenCredentials.isToken68($0) } == isValid)
  }

  /// The look-up in two words agrees with the grammar on every byte.
  @Test func everyByte() {
    let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/".utf8)
    for byte in UInt8.min...UInt8.max {
      #expect([byte, 0x61].withUnsafeBytes { AccessTokenCredentials.isToken68($0) } == alphabet.contains(byte))
    }
  }
}
