internal import Bytes
internal import COpenSSL

/// The two spellings of an ECDSA signature: JWS writes R and S one after the other in fixed width (RFC 7518
/// §3.4), OpenSSL wants them as DER.
enum ECDSASignature {
  /// Two numbers of P-521, each with a sign byte and a head, in a sequence with a long head.
  private static let longestDER = 3 + 2 * (2 + 1 + 66)

  /// Lends the DER form to `body`, from the stack.
  ///
  /// - Returns: what `body` says; false when `signature` has not exactly twice the coordinate's length, or R
  ///   or S is zero (CVE-2022-21449). That they are below the order of the curve is for OpenSSL to check.
  static func withDER(_ signature: ByteView, coordinate: Int, _ body: (ByteView) -> Bool) -> Bool {
    guard signature.count == 2 * coordinate, coordinate <= 66,
      let r = number(signature.slice(0, coordinate)), let s = number(signature.from(coordinate))
    else { return false }
    return withUnsafeTemporaryAllocation(byteCount: longestDER, alignment: 1) { target in
      let content = 4 &+ width(r) &+ width(s)
      target[0] = 0x30
      var end = 1
      if content >= 0x80 {
        target[end] = 0x81
        end &+= 1
      }
      target[end] = UInt8(truncatingIfNeeded: content)
      end &+= 1
      append(r, to: target, at: &end)
      append(s, to: target, at: &end)
      return body(ByteView(rebasing: target[..<end]))
    }
  }

  /// The number without its leading zeros; nil for zero.
  private static func number(_ bytes: ByteView) -> ByteView? {
    bytes.firstIndex { $0 != 0 }.map { bytes.from($0) }
  }

  /// DER's integers have a sign: one that begins with a set bit gets a zero in front.
  private static func width(_ number: ByteView) -> Int { number.count &+ (number[0] >= 0x80 ? 1 : 0) }

  private static func append(_ number: ByteView, to target: UnsafeMutableRawBufferPointer, at end: inout Int) {
    target[end] = 0x02
    target[end &+ 1] = UInt8(truncatingIfNeeded: width(number))
    end &+= 2
    if number[0] >= 0x80 {
      target[end] = 0
      end &+= 1
    }
    UnsafeMutableRawBufferPointer(rebasing: target[end...]).copyMemory(from: number)
    end &+= number.count
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
