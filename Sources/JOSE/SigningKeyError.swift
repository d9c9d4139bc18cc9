/// Why a text holds no key that can sign here.
package enum SigningKeyError: Error, Equatable, CustomStringConvertible {
  case noPrivateKey
  case encrypted
  /// A type or curve that no algorithm here uses, in OpenSSL's words.
  case unsupportedKey(String)
  case tooWeak(bits: Int)
  /// The key cannot be used with the algorithm that was asked for.
  case otherAlgorithm(JWSAlgorithm)
  case library(CryptoFailure)

  package var description: String {
    switch self {
    case .noPrivateKey: "holds no private key that can be read: give an unencrypted key in PEM"
    case .encrypted:
      "the private key is encrypted: decrypt it with openssl pkey, readable by this process only"
    case .unsupportedKey(let type):
      "a key of type \(type) is not supported: use RSA, EC P-256, P-384 or P-521, or Ed25519"
    case .tooWeak(let bits): "an RSA key of \(bits) bits is too short: use at least 2048 bits"
    case .otherAlgorithm(let algorithm): "the key is not for \(algorithm.rawValue): name another algorithm or key"
    case .library(let failure): "\(failure)"
    }
  }
}
