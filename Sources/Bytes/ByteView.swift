public import Glibc

/// Bytes lent for the length of a call: whoever wants to keep them copies them.
public typealias ByteView = UnsafeRawBufferPointer

extension UnsafeRawBufferPointer {
  /// The bytes from `offset` on, `count` of them. The caller has checked the bounds.
  @inlinable
  public func slice(_ offset: Int, _ count: Int) -> ByteView {
    ByteView(rebasing: self[offset..<offset &+ count])
  }

  /// The bytes from `offset` to the end.
  @inlinable
  public func from(_ offset: Int) -> ByteView {
    ByteView(rebasing: self[offset...])
  }

  /// The bytes as text; bytes that are not UTF-8 become U+FFFD. For logs, errors and configuration time only.
  public var text: String { String(decoding: self, as: UTF8.self) }

  /// Whether these are exactly the bytes of `literal`.
  @inlinable
  public func equals(_ literal: StaticString) -> Bool {
    count == literal.utf8CodeUnitCount
      && (count == 0 || unsafeCompare(baseAddress, literal.utf8Start, count))
  }

  /// Whether these are the bytes of `literal`, which must be lower-case, in any ASCII case.
  @inlinable
  public func equalsIgnoringCase(_ literal: StaticString) -> Bool {
    guard count == literal.utf8CodeUnitCount else { return false }
    return foldsTo(UnsafeRawPointer(literal.utf8Start))
  }

  /// The same for text made at run time.
  public func equalsIgnoringCase(_ lower: [UInt8]) -> Bool {
    guard count == lower.count else { return false }
    return lower.withUnsafeBytes { other in other.baseAddress.map { foldsTo($0) } ?? true }
  }

  /// Whether these bytes in lower case are the `count` bytes at `other`; eight at a time, the last eight overlapping.
  @inlinable
  func foldsTo(_ other: UnsafeRawPointer) -> Bool {
    guard let base = baseAddress else { return true }
    var index = 0
    if count >= 8 {
      while index &+ 8 <= count {
        guard
          ASCII.lowercased(word: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            == other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        else { return false }
        index &+= 8
      }
      let last = count &- 8
      return ASCII.lowercased(word: base.loadUnaligned(fromByteOffset: last, as: UInt64.self))
        == other.loadUnaligned(fromByteOffset: last, as: UInt64.self)
    }
    while index < count {
      let theirs = other.loadUnaligned(fromByteOffset: index, as: UInt8.self)
      guard ASCII.lowercased(base.loadUnaligned(fromByteOffset: index, as: UInt8.self)) == theirs else { return false }
      index &+= 1
    }
    return true
  }

  /// Where `byte` stands first.
  @inlinable
  public func position(of byte: UInt8) -> Int? {
    guard let base = baseAddress, let found = memchr(base, Int32(byte), count) else { return nil }
    return base.distance(to: UnsafeRawPointer(found))
  }

  /// Whether these are exactly the bytes of a text.
  public func equals(text: String) -> Bool {
    guard count == text.utf8.count else { return false }
    var text = text
    return text.withUTF8 { equals(ByteView($0)) }
  }

  /// Whether both views hold the same bytes.
  @inlinable
  public func equals(_ other: ByteView) -> Bool {
    guard count == other.count else { return false }
    guard count > 0, let theirs = other.baseAddress else { return true }
    return unsafeCompare(baseAddress, theirs, count)
  }
}

@inlinable
func unsafeCompare(_ left: UnsafeRawPointer?, _ right: UnsafeRawPointer, _ count: Int) -> Bool {
  guard let left else { return count == 0 }
  return memcmp(left, right, count) == 0
}
