/// A response's status and header fields. Recycled: nothing in it outlives the exchange.
package final class ResponseHead {
  package let fields: Fields
  /// The status code, 100 to 599.
  package var status = 200
  package var version: Version = .http11

  package init() { fields = Fields(capacity: 1024) }

  package func clear() {
    fields.clear()
    status = 200
    version = .http11
  }

  /// 1xx: more responses follow (RFC 9110 §15.2).
  package var isInformational: Bool { status < 200 }
}
