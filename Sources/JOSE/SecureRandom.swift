internal import COpenSSL

/// Bytes that cannot be guessed, from OpenSSL's generator.
package enum SecureRandom {
  /// - Throws: when the generator has no entropy; there is no weaker substitute.
  package static func bytes(_ count: Int) throws(CryptoFailure) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard count > 0 else { return bytes }
    let result = bytes.withUnsafeMutableBufferPointer { RAND_bytes_ex(nil, $0.baseAddress, $0.count, 0) }
    try CryptoFailure.check(result, "random bytes")
    return bytes
  }
}
