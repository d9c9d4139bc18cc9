public import Bytes

/// The request methods the gateway tells apart (RFC 9110 §9, RFC 5789).
public enum Method: UInt8, Sendable {
  case get, head, post, put, delete, connect, options, trace, patch
  /// Any other token; its spelling stays in the head.
  case other

  /// Method names are case-sensitive (RFC 9110 §9.1).
  public init(_ name: ByteView) {
    switch name.count {
    case 3: self = name.equals("GET") ? .get : name.equals("PUT") ? .put : .other
    case 4: self = name.equals("POST") ? .post : name.equals("HEAD") ? .head : .other
    case 5: self = name.equals("PATCH") ? .patch : name.equals("TRACE") ? .trace : .other
    case 6: self = name.equals("DELETE") ? .delete : .other
    case 7: self = name.equals("OPTIONS") ? .options : name.equals("CONNECT") ? .connect : .other
    default: self = .other
    }
  }
}

/// The protocol version of a message.
public enum Version: UInt8, Sendable, Comparable {
  case http10, http11, http2

  /// As access logs spell it.
  public var name: StaticString {
    switch self {
    case .http10: "HTTP/1.0"
    case .http11: "HTTP/1.1"
    case .http2: "HTTP/2"
    }
  }

  /// HTTP/1.0 comes before HTTP/1.1, and that before HTTP/2.
  @inlinable
  public static func < (left: Version, right: Version) -> Bool {
    unsafeBitCast(left, to: UInt8.self) < unsafeBitCast(right, to: UInt8.self)
  }
}
