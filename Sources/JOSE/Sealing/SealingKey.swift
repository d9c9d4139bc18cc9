internal import Bytes

/// A secret that seals what clients and browsers keep for the gateway.
package struct SealingKey: Equatable, Sendable, CustomStringConvertible {
  /// Stands readable in everything the key has sealed, so that it is found again: no secret.
  package let id: String
  /// 32 bytes.
  package let secret: [UInt8]

  /// Bytes.
  package static let secretLength = 32
  /// Bytes of an id. Shorter than a secret in hexadecimal digits, which never passes for one.
  static let longestID = 32

  package init(id: String, secret: [UInt8]) {
    self.id = id
    self.secret = secret
  }

  /// A key as people write it.
  ///
  /// - Parameters:
  ///   - id: 1 to 32 letters, digits and `.`, `_`, `-`.
  ///   - digits: 64 hexadecimal digits.
  package init(id: String, digits: String) throws(SealingKeyFault) {
    guard !id.isEmpty, id.utf8.count <= Self.longestID, id.utf8.allSatisfy(Self.isIDByte) else {
      throw SealingKeyFault(.id)
    }
    let text = [UInt8](digits.utf8)
    guard text.count == 2 * Self.secretLength else { throw SealingKeyFault(.secret) }
    var secret: [UInt8] = []
    for place in stride(from: 0, to: text.count, by: 2) {
      guard let high = ASCII.hexValue(text[place]), let low = ASCII.hexValue(text[place + 1]) else {
        throw SealingKeyFault(.secret)
      }
      secret.append(high << 4 | low)
    }
    guard !secret.allSatisfy({ $0 == secret[0] }) else { throw SealingKeyFault(.placeholder) }
    self.init(id: id, secret: secret)
  }

  private static func isIDByte(_ byte: UInt8) -> Bool {
    ASCII.isAlpha(byte) || ASCII.isDigit(byte) || byte == ASCII.dot || byte == ASCII.dash || byte == 0x5F
  }

  /// Without the secret.
  package var description: String { "sealing key \(id)" }
}
