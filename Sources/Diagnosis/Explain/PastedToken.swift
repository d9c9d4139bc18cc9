/// What somebody has pasted as a token, freed of what came along.
package struct PastedToken: Equatable, Sendable {
  package enum Fault: Error, Equatable {
    case empty, tooLong

    package var description: String {
      switch self {
      case .empty: "standard input is empty: give the token there, for example with: pbpaste | portcullis explain …"
      case .tooLong: "standard input has more than \(PastedToken.longest / 1024) KiB: that is no access token"
      }
    }
  }

  /// Bytes of all that is read.
  package static let longest = 64 * 1024

  /// Never printed.
  package let bytes: [UInt8]

  /// Takes off white space around it, and one `Bearer ` in front.
  package init(_ input: [UInt8]) throws(Fault) {
    guard input.count <= Self.longest else { throw .tooLong }
    var text = Self.trimmed(input[...])
    let scheme = text.prefix { !Self.isSpace($0) }
    if scheme.map({ $0 | 0x20 }).elementsEqual("bearer".utf8) { text = Self.trimmed(text.dropFirst(scheme.count)) }
    guard !text.isEmpty else { throw .empty }
    bytes = Array(text)
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || 0x09...0x0D ~= byte }

  private static func trimmed(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var text = text.drop(while: isSpace)
    while let last = text.last, isSpace(last) { text.removeLast() }
    return text
  }
}
