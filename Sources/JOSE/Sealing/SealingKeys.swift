internal import Bytes
internal import COpenSSL

/// The keys that seal: the first one seals, all of them open. They are replaced while the gateway runs: a new key comes
/// in front, and an old one goes when what it has sealed is not wanted any more.
package final class SealingKeys {
  /// Keys at the most.
  package static let limit = 16

  /// Never empty.
  package private(set) var keys: [SealingKey]
  /// What is called when other keys are there. Verdicts that rest on the old ones are to be forgotten.
  package var onChange: [() -> Void] = []
  private var ring: [Entry]

  /// - Throws: when there is no key, one has no id or not 32 bytes, or two have the same id; when OpenSSL cannot.
  package init(_ keys: [SealingKey]) throws(CryptoFailure) {
    ring = try Self.ring(of: keys)
    self.keys = keys
  }

  /// The same keys again change nothing. The keys stay as they were when it throws.
  package func replace(by keys: [SealingKey]) throws(CryptoFailure) {
    guard keys != self.keys else { return }
    ring = try Self.ring(of: keys)
    self.keys = keys
    for notify in onChange { notify() }
  }

  private static func ring(of keys: [SealingKey]) throws(CryptoFailure) -> [Entry] {
    guard !keys.isEmpty, keys.count <= limit else { throw CryptoFailure("a ring of 1 to 16 sealing keys") }
    for (index, key) in keys.enumerated() {
      guard !key.id.isEmpty, key.id.utf8.count <= SealingKey.longestID, key.secret.count == SealingKey.secretLength
      else { throw CryptoFailure("a sealing key with an id and 32 bytes") }
      guard !keys[..<index].contains(where: { $0.id.utf8.elementsEqual(key.id.utf8) }) else {
        throw CryptoFailure("sealing keys with ids of their own")
      }
    }
    return keys.map { Entry($0) }
  }

  /// The key that seals.
  var first: Entry { ring[0] }

  /// - Parameter header: of something sealed.
  func find(_ header: ByteView) -> Entry? {
    ring.first { entry in entry.header.withUnsafeBytes { $0.equals(header) } }
  }
}

extension SealingKeys {
  /// A key at work.
  final class Entry {
    private static let version: UInt8 = 1

    private let key: SealingKey
    /// What stands before everything it seals: the version of the layout, and its id with the length before it.
    let header: [UInt8]
    /// For each purpose that came up: few, and made once.
    private var ciphers: [(purpose: SealPurpose, label: [UInt8], cipher: SealingCipher)] = []

    init(_ key: SealingKey) {
      self.key = key
      header = [Self.version, UInt8(truncatingIfNeeded: key.id.utf8.count)] + key.id.utf8
    }

    /// - Returns: nil for what no key can have sealed.
    static func headerLength(of sealed: ByteView) -> Int? {
      guard sealed.count > 2, sealed[0] == version else { return nil }
      let length = 2 + Int(sealed[1])
      return length <= sealed.count ? length : nil
    }

    /// The cipher for one purpose, with a key derived for it alone.
    func cipher(for purpose: SealPurpose) throws(CryptoFailure) -> (label: [UInt8], cipher: SealingCipher) {
      for made in ciphers where made.purpose == purpose { return (made.label, made.cipher) }
      let label = purpose.label
      let info = [UInt8]("portcullis seal 1 ".utf8) + label
      var derived = try HKDF.key(from: key.secret, info: info, length: SealingKey.secretLength)
      defer { OPENSSL_cleanse(&derived, derived.count) }
      let cipher = try SealingCipher(derived)
      ciphers.append((purpose, label, cipher))
      return (label, cipher)
    }
  }
}
