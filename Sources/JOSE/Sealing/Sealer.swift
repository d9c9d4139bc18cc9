package import Bytes
internal import COpenSSL

/// Seals what clients and browsers keep for one part of the gateway, so that it needs no memory of its own: nobody can
/// read it, change it, or present it elsewhere or too late. Replicas with the same keys open each other's.
///
/// What is sealed is base64url of: version (1), length of the key's id, id, nonce (12), ciphertext, tag (16). The
/// plaintext is the expiry (8 bytes, big-endian) and the payload; purpose and context are authenticated with it.
package final class Sealer {
  package enum Opened: Equatable, Sendable {
    case payload([UInt8])
    /// Genuine, and too old.
    case expired
    /// Not sealed by these keys for this purpose and context, or altered.
    case foreign
  }

  /// Bytes of a payload; more is not sealed.
  package static let longest = 1 << 20

  private let keys: SealingKeys
  private let context: [UInt8]

  /// - Parameter context: whose seals they are; what was sealed in another context is foreign.
  package init(_ keys: SealingKeys, context: String) {
    self.keys = keys
    self.context = [UInt8](context.utf8)
  }

  /// - Parameter expiry: seconds since 1970; in this very second it is expired.
  /// - Returns: base64url, without dots.
  /// - Throws: without entropy or memory, and for a payload that is too long.
  package func seal(
    _ payload: [UInt8], for purpose: SealPurpose, expiry: Int64
  ) throws(CryptoFailure) -> String {
    let entry = keys.first
    let (label, cipher) = try entry.cipher(for: purpose)
    guard payload.count <= Self.longest else { throw CryptoFailure("a payload of at most 1 MiB") }
    let header = entry.header
    let start = header.count + SealingCipher.nonceLength
    let length = start + MemoryLayout<Int64>.size + payload.count + SealingCipher.tagLength
    var isSealed = false
    let sealed = [UInt8](unsafeUninitializedCapacity: length) { target, count in
      let target = UnsafeMutableRawBufferPointer(target)
      target.copyBytes(from: header)
      let nonce = UnsafeMutableRawBufferPointer(rebasing: target[header.count..<start])
      let body = UnsafeMutableRawBufferPointer(rebasing: target[start..<length])
      isSealed =
        RAND_bytes(nonce.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(nonce.count)) == 1
        && withUnsafeBytes(of: expiry.bigEndian) { expiry in
          payload.withUnsafeBytes { payload in
            associating(header, label) { cipher.seal(expiry, payload, nonce: ByteView(nonce), $0, to: body) }
          }
        }
      count = isSealed ? length : 0
    }
    guard isSealed else { throw CryptoFailure("sealing") }
    return Base64URL.encode(sealed)
  }

  /// - Parameter now: seconds since 1970.
  package func open(_ text: String, for purpose: SealPurpose, now: Int64) -> Opened {
    var text = text
    return text.withUTF8 { open(ByteView($0), for: purpose, now: now) }
  }

  /// - Parameters:
  ///   - text: whatever somebody has sent.
  ///   - now: seconds since 1970.
  package func open(_ text: ByteView, for purpose: SealPurpose, now: Int64) -> Opened {
    guard text.count <= Self.longest * 2, let sealed = Base64URL.decode(text) else { return .foreign }
    return sealed.withUnsafeBytes { open(sealed: $0, for: purpose, now: now) }
  }

  private func open(sealed: ByteView, for purpose: SealPurpose, now: Int64) -> Opened {
    guard let headerLength = SealingKeys.Entry.headerLength(of: sealed),
      let entry = keys.find(sealed.slice(0, headerLength)), let (label, cipher) = try? entry.cipher(for: purpose)
    else { return .foreign }
    let start = headerLength + SealingCipher.nonceLength
    let length = sealed.count - start - MemoryLayout<Int64>.size - SealingCipher.tagLength
    guard length >= 0 else { return .foreign }
    let nonce = sealed.slice(headerLength, SealingCipher.nonceLength)
    var expiry: Int64 = 0
    var isGenuine = false
    let payload = [UInt8](unsafeUninitializedCapacity: length) { target, count in
      isGenuine = withUnsafeMutableBytes(of: &expiry) { expiry in
        associating(entry.header, label) {
          cipher.open(sealed.from(start), nonce: nonce, $0, to: expiry, UnsafeMutableRawBufferPointer(target))
        }
      }
      count = isGenuine ? length : 0
    }
    guard isGenuine else { return .foreign }
    return now < Int64(bigEndian: expiry) ? .payload(payload) : .expired
  }

  private func associating(
    _ header: [UInt8], _ label: [UInt8], _ body: (SealingCipher.Associated) -> Bool
  ) -> Bool {
    header.withUnsafeBytes { header in
      label.withUnsafeBytes { label in
        context.withUnsafeBytes { body(SealingCipher.Associated(header: header, label: label, context: $0)) }
      }
    }
  }
}
