import Configuration
import JOSE

extension SigningKey {
  /// The key that the gateway proves its identity with at a provider (RFC 7523 §2.2), from a file in PEM.
  static func read(_ file: String, kid: String?) throws(StartFailure) -> SigningKey {
    let text: String
    do throws(TextFileError) {
      text = try TextFile.read(file)
    } catch {
      throw .unusableSigningKey(file: file, reason: "cannot be read: \(error.reason)")
    }
    do throws(SigningKeyError) {
      return try load(pem: [UInt8](text.utf8), kid: kid)
    } catch {
      throw .unusableSigningKey(file: file, reason: error.description)
    }
  }
}
