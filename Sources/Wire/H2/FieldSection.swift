import Bytes
import CNghttp2
import HTTP

/// Hands fields to the library as it takes them; it copies them, and spells the names in lower case.
///
/// The one place that decides which fields leave over HTTP/2: those of this hop do not (RFC 9113 §8.2.2).
struct FieldSection {
  /// A pseudo field or another one that is written anew.
  typealias Own = (name: StaticString, value: ByteView)

  /// - Parameters:
  ///   - own: written before all others.
  ///   - skipsHost: leave out Host, which `:authority` has replaced.
  ///   - body: gets the array and its count, lent for the call.
  static func with<Result>(
    _ own: [Own], _ fields: Fields?, skipsHost: Bool = false, _ body: (UnsafePointer<nghttp2_nv>?, Int) -> Result
  ) -> Result {
    let capacity = own.count + (fields?.count ?? 0)
    return withUnsafeTemporaryAllocation(of: nghttp2_nv.self, capacity: max(capacity, 1)) { room in
      var count = 0
      for field in own {
        let name = ByteView(start: field.name.utf8Start, count: field.name.utf8CodeUnitCount)
        room.initializeElement(at: count, to: pair(name, field.value, isSecret: false))
        count += 1
      }
      if let fields {
        for index in 0..<fields.count {
          let name = fields.name(index)
          if name.isHopByHop || (skipsHost && name == .host) { continue }
          let isSecret = name == .authorization || name == .setCookie || name == .cookie
          room.initializeElement(at: count, to: pair(fields.spelling(index), fields.value(index), isSecret: isSecret))
          count += 1
        }
      }
      return body(UnsafePointer(room.baseAddress), count)
    }
  }

  /// - Parameter isSecret: never to enter a compression table, here or at the next hop (RFC 7541 §7.1.3).
  private static func pair(_ name: ByteView, _ value: ByteView, isSecret: Bool) -> nghttp2_nv {
    let name = UnsafeMutableRawBufferPointer(mutating: name)
    let value = UnsafeMutableRawBufferPointer(mutating: value)
    return nghttp2_nv(
      name: name.baseAddress?.assumingMemoryBound(to: UInt8.self),
      value: value.baseAddress?.assumingMemoryBound(to: UInt8.self), namelen: name.count, valuelen: value.count,
      flags: isSecret ? UInt8(truncatingIfNeeded: NGHTTP2_NV_FLAG_NO_INDEX.rawValue) : 0)
  }
}
