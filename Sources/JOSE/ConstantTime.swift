internal import COpenSSL

/// Comparison whose duration says nothing about where two secrets differ, only whether their lengths do.
package enum ConstantTime {
  package static func equals(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    guard one.count == other.count else { return false }
    return one.withUnsafeBytes { left in
      other.withUnsafeBytes { right in
        left.isEmpty || CRYPTO_memcmp(left.baseAddress, right.baseAddress, left.count) == 0
      }
    }
  }

  package static func equals(_ one: String, _ other: String) -> Bool {
    equals([UInt8](one.utf8), [UInt8](other.utf8))
  }
}
