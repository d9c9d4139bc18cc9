public import Bytes

/// The field names that the gateway acts on; every other name is only carried.
///
/// A name is classified once, when its line is parsed, so that no later step compares text.
public enum FieldName: UInt8, Sendable {
  /// A name without meaning to the gateway; its spelling stays in the head.
  case other
  /// A field that a stage has taken out.
  case removed

  // Framing and hop-by-hop (RFC 9110 §7.6.1, RFC 9112).
  case connection, contentLength, transferEncoding, te, trailer, upgrade, keepAlive, proxyConnection
  case proxyAuthenticate, proxyAuthorization, expect
  // Routing and who called.
  case host, forwarded, xForwardedFor, xForwardedHost, xForwardedProto, xForwardedPort, xRealIP, via,
    xRequestID
  // Credentials.
  case authorization, cookie, setCookie, dpop
  // Browsers (Fetch standard, CORS).
  case origin, accessControlRequestMethod, accessControlRequestHeaders, accessControlAllowOrigin
  case accessControlExposeHeaders, accessControlAllowCredentials, vary
  // Responses.
  case date, contentType, wwwAuthenticate

  /// The derived comparison cannot be inlined where fields are looked for.
  @inlinable
  public static func == (left: FieldName, right: FieldName) -> Bool {
    unsafeBitCast(left, to: UInt8.self) == unsafeBitCast(right, to: UInt8.self)
  }

  /// Its place in the sets of names that `Fields` keeps.
  @inlinable var bit: UInt64 { 1 << UInt64(truncatingIfNeeded: unsafeBitCast(self, to: UInt8.self) & 63) }

  /// Classifies a name in any case.
  public init(_ name: ByteView) {
    switch name.count {
    case 2: self = name.equalsIgnoringCase("te") ? .te : .other
    case 3: self = name.equalsIgnoringCase("via") ? .via : .other
    case 4: self = Self.ofFour(name)
    case 6: self = Self.ofSix(name)
    case 7: self = Self.ofSeven(name)
    case 9: self = Self.first(name, ("forwarded", .forwarded), ("x-real-ip", .xRealIP))
    case 10: self = Self.ofTen(name)
    case 12: self = Self.first(name, ("content-type", .contentType), ("x-request-id", .xRequestID))
    case 13: self = name.equalsIgnoringCase("authorization") ? .authorization : .other
    case 14: self = name.equalsIgnoringCase("content-length") ? .contentLength : .other
    case 15: self = name.equalsIgnoringCase("x-forwarded-for") ? .xForwardedFor : .other
    case 16: self = Self.ofSixteen(name)
    case 17:
      self = Self.first(
        name, ("transfer-encoding", .transferEncoding), ("x-forwarded-proto", .xForwardedProto))
    case 18: self = name.equalsIgnoringCase("proxy-authenticate") ? .proxyAuthenticate : .other
    case 19: self = name.equalsIgnoringCase("proxy-authorization") ? .proxyAuthorization : .other
    case 27:
      self = name.equalsIgnoringCase("access-control-allow-origin") ? .accessControlAllowOrigin : .other
    case 29:
      self = Self.first(
        name, ("access-control-request-method", .accessControlRequestMethod),
        ("access-control-expose-headers", .accessControlExposeHeaders))
    case 30:
      self = name.equalsIgnoringCase("access-control-request-headers") ? .accessControlRequestHeaders : .other
    case 32:
      self = name.equalsIgnoringCase("access-control-allow-credentials") ? .accessControlAllowCredentials : .other
    default: self = .other
    }
  }

  private static func ofFour(_ name: ByteView) -> FieldName {
    switch ASCII.lowercased(name[0]) {
    case 0x68: name.equalsIgnoringCase("host") ? .host : .other
    case 0x64: name.equalsIgnoringCase("date") ? .date : name.equalsIgnoringCase("dpop") ? .dpop : .other
    case 0x76: name.equalsIgnoringCase("vary") ? .vary : .other
    default: .other
    }
  }

  private static func ofSix(_ name: ByteView) -> FieldName {
    switch ASCII.lowercased(name[0]) {
    case 0x63: name.equalsIgnoringCase("cookie") ? .cookie : .other
    case 0x65: name.equalsIgnoringCase("expect") ? .expect : .other
    case 0x6F: name.equalsIgnoringCase("origin") ? .origin : .other
    default: .other
    }
  }

  private static func ofSeven(_ name: ByteView) -> FieldName {
    first(name, ("trailer", .trailer), ("upgrade", .upgrade))
  }

  private static func ofTen(_ name: ByteView) -> FieldName {
    switch ASCII.lowercased(name[0]) {
    case 0x63: name.equalsIgnoringCase("connection") ? .connection : .other
    case 0x6B: name.equalsIgnoringCase("keep-alive") ? .keepAlive : .other
    case 0x73: name.equalsIgnoringCase("set-cookie") ? .setCookie : .other
    default: .other
    }
  }

  private static func ofSixteen(_ name: ByteView) -> FieldName {
    switch ASCII.lowercased(name[0]) {
    case 0x78:
      first(name, ("x-forwarded-host", .xForwardedHost), ("x-forwarded-port", .xForwardedPort))
    case 0x70: name.equalsIgnoringCase("proxy-connection") ? .proxyConnection : .other
    case 0x77: name.equalsIgnoringCase("www-authenticate") ? .wwwAuthenticate : .other
    default: .other
    }
  }

  private static func first(
    _ name: ByteView, _ one: (StaticString, FieldName), _ two: (StaticString, FieldName)
  ) -> FieldName {
    name.equalsIgnoringCase(one.0) ? one.1 : name.equalsIgnoringCase(two.0) ? two.1 : .other
  }

  /// Fields that end at this hop whatever `Connection` lists (RFC 9110 §7.6.1); framing is written anew.
  @inlinable
  public var isHopByHop: Bool {
    switch self {
    case .removed, .connection, .contentLength, .transferEncoding, .te, .trailer, .upgrade, .keepAlive,
      .proxyConnection, .proxyAuthenticate, .proxyAuthorization:
      true
    default: false
    }
  }
}
