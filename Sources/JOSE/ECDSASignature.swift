internal import Bytes
internal import COpenSSL

/// The two spellings of an ECDSA signature: JWS writes R and S one after the other in fixed width (RFC 7518
/// §3.4), OpenSSL wants them as DER.
enum ECDSASignature {
  /// - Returns: nil unless `signature` has exactly twice the coordinate's length.
  static func der(_ signature: ByteView, coordinate: Int) -> [UInt8]? {
    guard signature.count == 2 * coordinate, let start = signature.baseAddress else { return nil }
    let first = start.assumingMemoryBound(to: UInt8.self)
    guard let pair = ECDSA_SIG_new() else { return nil }
    defer { ECDSA_SIG_free(pair) }
    guard let r = BN_bin2bn(first, Int32(coordinate), nil) else { return nil }
    guard let s = BN_bin2bn(first + coordinate, Int32(coordinate), nil) else {
      BN_free(r)
      return nil
    }
    guard ECDSA_SIG_set0(pair, r, s) == 1 else {
      BN_free(r)
      BN_free(s)
      return nil
    }
    let length = Int(i2d_ECDSA_SIG(pair, nil))
    guard length > 0 else { return nil }
    return [UInt8](unsafeUninitializedCapacity: length) { target, count in
      var cursor = target.baseAddress
      count = max(0, Int(i2d_ECDSA_SIG(pair, &cursor)))
    }
  }

  /// - Returns: nil when `der` is no signature or does not fit the width.
  static func concatenated(_ der: [UInt8], coordinate: Int) -> [UInt8]? {
    let pair = der.withUnsafeBufferPointer { buffer in
      var cursor = buffer.baseAddress
      return d2i_ECDSA_SIG(nil, &cursor, buffer.count)
    }
    guard let pair else { return nil }
    defer { ECDSA_SIG_free(pair) }
    var signature = [UInt8](repeating: 0, count: 2 * coordinate)
    let isDone = signature.withUnsafeMutableBufferPointer { target in
      guard let start = target.baseAddress else { return false }
      let width = Int32(coordinate)
      return BN_bn2binpad(ECDSA_SIG_get0_r(pair), start, width) == width
        && BN_bn2binpad(ECDSA_SIG_get0_s(pair), start + coordinate, width) == width
    }
    return isDone ? signature : nil
  }
}
