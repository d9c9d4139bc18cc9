import JOSE
import JSON

/// Tokens of the test's provider.
enum TestTokens {
  struct Failure: Error {}

  static let issuer = "https://idp.example"
  nonisolated(unsafe) private static let made = Result { () throws(CryptoFailure) in
    try SigningKey.generate(.es256, kid: "k")
  }

  static func keySet() throws -> KeySet { try KeySet(jwks: ["keys": .array([made.get().publicJWK])]) }

  static func sign(_ claims: JSONObject, type: String = "JWT", by key: SigningKey? = nil) throws -> String {
    try (key ?? made.get()).sign(.object(claims), type: type)
  }
}
