/// A response's status and header fields. Recycled: nothing in it outlives the exchange.
public final class ResponseHead {
  /// The header fields, and the text of the whole head.
  public let fields: Fields
  /// The status code, 100 to 599.
  public var status = 200
  /// The version that the backend speaks.
  public var version: Version = .http11

  /// An empty head.
  public init() { fields = Fields(capacity: 1024) }

  /// Forgets everything, and keeps the memory.
  public func clear() {
    fields.clear()
    status = 200
    version = .http11
  }

  /// 1xx: more responses follow (RFC 9110 §15.2).
  public var isInformational: Bool { status < 200 }
}
