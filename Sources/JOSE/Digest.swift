/// One-shot digests, for anything but the hot path.
package enum Digest {
  /// SHA-256 (32 bytes). Empty when OpenSSL has no memory or no such digest, which equals no digest.
  package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
    guard let hasher = SHA256Hasher() else { return [] }
    return bytes.withUnsafeBytes { view in
      guard let digest = hasher.digest(of: view) else { return [] }
      return withUnsafeBytes(of: digest) { [UInt8]($0) }
    }
  }
}
