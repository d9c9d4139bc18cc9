/// How long a document may be used, as its response says (RFC 9111 §5.2.2, §5.1).
package enum Freshness: Equatable, Sendable {
  /// Nothing was said.
  case unspecified
  /// `no-store` or `no-cache`: not to be kept at all.
  case none
  /// Seconds that are left.
  case seconds(UInt64)

  /// Reads `Cache-Control` as a private cache does: `s-maxage` is for others.
  ///
  /// - Parameter age: seconds that the document has spent in caches on its way (`Age`); nil when nothing is said.
  package init(cacheControl: String?, age: Int? = nil) {
    let age = UInt64(max(0, age ?? 0))
    self = .unspecified
    for directive in Self.directives(cacheControl ?? "") {
      switch directive.name {
      case "no-store", "no-cache":
        self = .none
        return
      case "max-age":
        // Of two the shorter one counts; one that cannot be read is none (RFC 9111 §4.2.1).
        let limit = Self.seconds(directive.value)
        let left = limit > age ? limit - age : 0
        if case .seconds(let other) = self { self = .seconds(min(left, other)) } else { self = .seconds(left) }
      default: break
      }
    }
  }

  /// Digits only; beyond 2^31 all are alike (RFC 9111 §1.2.2).
  private static func seconds(_ text: String) -> UInt64 {
    guard !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else { return 0 }
    return min(UInt64(text) ?? .max, 1 << 31)
  }

  /// Splits at commas outside of quoted strings; quotes around a value are taken off.
  private static func directives(_ text: String) -> [(name: String, value: String)] {
    var isQuoted = false
    var pieces: [[UInt8]] = [[]]
    for byte in text.utf8 {
      if byte == 0x22 { isQuoted.toggle() }
      if byte == 0x2C, !isQuoted { pieces.append([]) } else { pieces[pieces.count - 1].append(byte) }
    }
    return pieces.map { piece in
      let parts = piece.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false)
      return (word(parts[0]).lowercased(), parts.count > 1 ? word(parts[1]) : "")
    }
  }

  private static func word(_ bytes: some Sequence<UInt8>) -> String {
    String(decoding: bytes.filter { $0 != 0x20 && $0 != 0x09 && $0 != 0x22 }, as: UTF8.self)
  }
}
