/// A response's status and header fields. Recycled: nothing in it outlives the exchange.
public final class ResponseHead {
  public let fields: Fields
  /// The status code, 100 to 599.
  public var status = 200
  public var version: Version = .http11

  public init() { fields = Fields(capacity: 1024) }

  public func clear() {
    fields.clear()
    status = 200
    version = .http11
  }

  /// 1xx: more responses follow (RFC 9110 §15.2).
  public var isInformational: Bool { status < 200 }
}
