internal import Bytes

/// What something is sealed for. Purposes have keys of their own: what was sealed for one cannot be opened for another.
package struct SealPurpose: Equatable, Sendable {
  private let name: StaticString

  /// - Parameter name: at most 255 bytes; says what the sealed text is, not who made it.
  package init(_ name: StaticString) { self.name = name }

  /// The name with its length before it, so that nothing behind it can be taken for a part of it.
  var label: [UInt8] {
    name.withUTF8Buffer { name in
      let name = name.prefix(255)
      return [UInt8(name.count)] + name
    }
  }

  package static func == (left: SealPurpose, right: SealPurpose) -> Bool {
    left.name.withUTF8Buffer { ByteView($0).equals(right.name) }
  }
}
