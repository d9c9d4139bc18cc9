import Glibc

extension String {
  /// Whether both strings are the same sequence of code points (the "simple string comparison" of RFC 3986
  /// §6.2.1).
  ///
  /// Swift's `==` also accepts canonically equivalent spellings, which must never decide about an identifier.
  /// It is asked first all the same: it tells different strings apart without touching reference counts.
  @inlinable @inline(__always)
  package func hasSameBytes(as other: String) -> Bool {
    utf8.count == other.utf8.count && self == other && hasSameSpelling(as: other)
  }

  /// Of two strings that Swift calls equal; rarely asked, and so kept out of line.
  @inline(never) @usableFromInline
  package func hasSameSpelling(as other: String) -> Bool {
    let isSame = utf8.withContiguousStorageIfAvailable { mine in
      other.utf8.withContiguousStorageIfAvailable { theirs in
        guard let left = mine.baseAddress, let right = theirs.baseAddress else { return mine.isEmpty }
        return memcmp(left, right, mine.count) == 0
      }
    }
    // Strings that come from elsewhere than Swift have no storage of their own.
    return (isSame ?? nil) ?? utf8.elementsEqual(other.utf8)
  }
}

extension String {
  /// Lends the text as UTF-8.
  @inline(__always)
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    if let result = utf8.withContiguousStorageIfAvailable({ body(UnsafeRawBufferPointer($0)) }) { return result }
    return [UInt8](utf8).withUnsafeBytes(body)
  }
}

extension UnsafeRawBufferPointer {
  @inline(__always)
  func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
    guard count == other.count else { return false }
    guard let left = baseAddress, let right = other.baseAddress else { return count == 0 }
    return memcmp(left, right, count) == 0
  }
}
