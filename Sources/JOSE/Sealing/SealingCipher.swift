internal import Bytes
internal import COpenSSL

/// AES-256-GCM with one key (NIST SP 800-38D), in contexts that are used again and again: the key schedule is made once.
///
/// Nonces are random, as several processes share a key: it should give way to another before it has sealed 2³² times
/// (§8.3), which are 136 in each second of a year.
final class SealingCipher {
  static let nonceLength = 12
  static let tagLength = 16

  private let sealing: OpaquePointer
  private let opening: OpaquePointer

  /// - Parameter key: 32 bytes.
  init(_ key: [UInt8]) throws(CryptoFailure) {
    let attempt: StaticString = "AES-256-GCM"
    let cipher = try CryptoFailure.unwrap(EVP_CIPHER_fetch(nil, "AES-256-GCM", nil), attempt)
    defer { EVP_CIPHER_free(cipher) }
    let contexts = (sealing: EVP_CIPHER_CTX_new(), opening: EVP_CIPHER_CTX_new())
    guard let sealing = contexts.sealing, let opening = contexts.opening,
      EVP_EncryptInit_ex2(sealing, cipher, key, nil, nil) == 1,
      EVP_DecryptInit_ex2(opening, cipher, key, nil, nil) == 1
    else {
      EVP_CIPHER_CTX_free(contexts.sealing)
      EVP_CIPHER_CTX_free(contexts.opening)
      throw CryptoFailure(attempt)
    }
    self.sealing = sealing
    self.opening = opening
  }

  deinit {
    EVP_CIPHER_CTX_free(sealing)
    EVP_CIPHER_CTX_free(opening)
  }

  /// What is authenticated without being hidden: three pieces, whose borders the first two tell.
  struct Associated {
    let header: ByteView
    let label: ByteView
    let context: ByteView
  }

  /// Encrypts `first` and `second`, one behind the other, to `target`, and the tag behind them.
  ///
  /// - Parameter target: ``tagLength`` bytes longer than the two together.
  /// - Returns: whether it could.
  func seal(
    _ first: ByteView, _ second: ByteView, nonce: ByteView, _ associated: Associated,
    to target: UnsafeMutableRawBufferPointer
  ) -> Bool {
    guard target.count == first.count + second.count + Self.tagLength, nonce.count == Self.nonceLength,
      let out = target.bindMemory(to: UInt8.self).baseAddress
    else { return false }
    var length: Int32 = 0
    let tag = out + (target.count - Self.tagLength)
    let isDone =
      EVP_EncryptInit_ex2(sealing, nil, nil, Self.bytes(nonce), nil) == 1
      && associated.pieces { EVP_EncryptUpdate(sealing, nil, &length, $0, $1) == 1 }
      && Self.withPiece(first) { EVP_EncryptUpdate(sealing, out, &length, $0, $1) == 1 }
      && Self.withPiece(second) { EVP_EncryptUpdate(sealing, out + first.count, &length, $0, $1) == 1 }
      && EVP_EncryptFinal_ex(sealing, tag, &length) == 1
      && EVP_CIPHER_CTX_ctrl(sealing, EVP_CTRL_AEAD_GET_TAG, Int32(Self.tagLength), tag) == 1
    if !isDone { ERR_clear_error() }
    return isDone
  }

  /// Decrypts to `first` and `second`, one behind the other. Without a good tag what stands there means nothing.
  ///
  /// - Parameter text: ciphertext and tag, ``tagLength`` bytes longer than the two together.
  /// - Returns: whether the tag is good.
  func open(
    _ text: ByteView, nonce: ByteView, _ associated: Associated, to first: UnsafeMutableRawBufferPointer,
    _ second: UnsafeMutableRawBufferPointer
  ) -> Bool {
    guard text.count == first.count + second.count + Self.tagLength, nonce.count == Self.nonceLength else {
      return false
    }
    let hidden = text.slice(0, first.count)
    let rest = text.slice(first.count, second.count)
    let tag = UnsafeMutableRawPointer(mutating: text.from(text.count - Self.tagLength).baseAddress)
    var length: Int32 = 0
    var none: UInt8 = 0
    let isGood =
      EVP_DecryptInit_ex2(opening, nil, nil, Self.bytes(nonce), nil) == 1
      && associated.pieces { EVP_DecryptUpdate(opening, nil, &length, $0, $1) == 1 }
      && Self.withPiece(hidden) { EVP_DecryptUpdate(opening, Self.bytes(first), &length, $0, $1) == 1 }
      && Self.withPiece(rest) { EVP_DecryptUpdate(opening, Self.bytes(second), &length, $0, $1) == 1 }
      && EVP_CIPHER_CTX_ctrl(opening, EVP_CTRL_AEAD_SET_TAG, Int32(Self.tagLength), tag) == 1
      && EVP_DecryptFinal_ex(opening, &none, &length) == 1
    // A failure leaves entries in the thread's queue, which the next TLS call would take for its own.
    if !isGood { ERR_clear_error() }
    return isGood
  }

  private static func bytes(_ view: ByteView) -> UnsafePointer<UInt8>? {
    view.baseAddress?.assumingMemoryBound(to: UInt8.self)
  }

  private static func bytes(_ view: UnsafeMutableRawBufferPointer) -> UnsafeMutablePointer<UInt8>? {
    view.baseAddress?.assumingMemoryBound(to: UInt8.self)
  }

  /// Empty pieces are left out: OpenSSL may take one for the end.
  fileprivate static func withPiece(_ piece: ByteView, _ body: (UnsafePointer<UInt8>?, Int32) -> Bool) -> Bool {
    piece.isEmpty || (piece.count <= Int32.max && body(bytes(piece), Int32(truncatingIfNeeded: piece.count)))
  }
}

extension SealingCipher.Associated {
  fileprivate func pieces(_ body: (UnsafePointer<UInt8>?, Int32) -> Bool) -> Bool {
    SealingCipher.withPiece(header, body) && SealingCipher.withPiece(label, body)
      && SealingCipher.withPiece(context, body)
  }
}
