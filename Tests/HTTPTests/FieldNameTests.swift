import Bytes
import HTTP
import Testing

struct FieldNameTests {
  static let names: [(String, FieldName)] = [
    ("connection", .connection), ("content-length", .contentLength), ("transfer-encoding", .transferEncoding),
    ("te", .te), ("trailer", .trailer), ("upgrade", .upgrade), ("keep-alive", .keepAlive),
    ("proxy-connection", .proxyConnection), ("proxy-authenticate", .proxyAuthenticate),
    ("proxy-authorization", .proxyAuthorization), ("expect", .expect), ("host", .host), ("forwarded", .forwarded),
    ("x-forwarded-for", .xForwardedFor), ("x-forwarded-host", .xForwardedHost), ("x-forwarded-proto", .xForwardedProto),
    ("x-forwarded-port", .xForwardedPort), ("x-real-ip", .xRealIP), ("via", .via), ("x-request-id", .xRequestID),
    ("authorization", .authorization), ("cookie", .cookie), ("set-cookie", .setCookie), ("dpop", .dpop),
    ("origin", .origin), ("access-control-request-method", .accessControlRequestMethod),
    ("access-control-request-headers", .accessControlRequestHeaders),
    ("access-control-allow-origin", .accessControlAllowOrigin),
    ("access-control-allow-credentials", .accessControlAllowCredentials),
    ("access-control-expose-headers", .accessControlExposeHeaders), ("vary", .vary), ("date", .date),
    ("content-type", .contentType), ("www-authenticate", .wwwAuthenticate),
  ]

  @Test(arguments: names)
  func isKnownInAnyCase(_ text: String, _ name: FieldName) {
    #expect(text.lend { FieldName($0) } == name)
    #expect(text.uppercased().lend { FieldName($0) } == name)
    let mixed = String(text.enumerated().map { $0.offset % 2 == 0 ? Character($0.element.uppercased()) : $0.element })
    #expect(mixed.lend { FieldName($0) } == name)
  }

  /// Not one byte may differ.
  @Test(arguments: names)
  func isNothingElse(_ text: String, _ name: FieldName) {
    for index in text.utf8.indices {
      var bytes = [UInt8](text.utf8)
      bytes[text.utf8.distance(from: text.utf8.startIndex, to: index)] = 0x7A
      if String(decoding: bytes, as: UTF8.self) == text { continue }
      #expect(bytes.withUnsafeBytes { FieldName($0) } != name)
    }
    for other in [
      text + "s", String(text.dropLast()), text.replacing("-", with: "_") + (text.contains("-") ? "" : "_"),
    ] {
      #expect(other.lend { FieldName($0) } != name)
    }
  }

  @Test(arguments: [
    "", "x", "accept", "mcp-session-id", "www-authenticat_", "x-anything-of-forty-characters-and-longer",
  ])
  func everythingElseIsOther(_ text: String) { #expect(text.lend { FieldName($0) } == .other) }

  @Test func hopByHop() {
    let ends: Set<FieldName> = [
      .removed, .connection, .contentLength, .transferEncoding, .te, .trailer, .upgrade, .keepAlive, .proxyConnection,
      .proxyAuthenticate, .proxyAuthorization,
    ]
    for value in UInt8.min...UInt8.max {
      guard let name = FieldName(rawValue: value) else { continue }
      #expect(name.isHopByHop == ends.contains(name))
    }
  }
}
