internal import Bytes
internal import COpenSSL

/// Nonces that the server gives out for DPoP proofs (RFC 9449 §9): the time, sealed with a key of this process or of all workers, so
/// that nothing is stored. Good for the period they were made in and the next.
package final class ProofNonces {
  /// Seconds.
  private static let period: Int64 = 60

  private let key: [UInt8]

  /// - Throws: when there is no entropy.
  package init() throws(CryptoFailure) { key = try SecureRandom.bytes(32) }

  /// - Parameter key: 32 random bytes that several processes share.
  package init(key: [UInt8]) { self.key = key }

  /// - Parameter now: seconds since 1970.
  package func current(now: Int64) -> String { nonce(of: now / Self.period) }

  package func accepts(_ nonce: String, now: Int64) -> Bool {
    let slot = now / Self.period
    return ConstantTime.equals(nonce, self.nonce(of: slot)) || ConstantTime.equals(nonce, self.nonce(of: slot - 1))
  }

  private func nonce(of slot: Int64) -> String {
    let message = withUnsafeBytes(of: slot.bigEndian) { [UInt8]($0) }
    var mac = [UInt8](repeating: 0, count: 32)
    var length = 0
    let isDone = EVP_Q_mac(nil, "HMAC", nil, "SHA256", nil, key, key.count, message, message.count, &mac, 32, &length)
    // Without a MAC no proof can repeat the nonce, and none is accepted.
    return isDone == nil ? "unavailable" : Base64URL.encode(mac.prefix(18))
  }
}
