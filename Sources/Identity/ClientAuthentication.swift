import Bytes
package import JOSE
import JSON
import Net

/// How the gateway proves to a provider which client it is.
package enum ClientAuthentication {
  /// `client_secret_basic`: the Authorization field (RFC 6749 §2.3.1).
  case secretInField(id: String, secret: String)
  /// `client_secret_post`: parameters of the form (RFC 6749 §2.3.1).
  case secretInForm(id: String, secret: String)
  /// `private_key_jwt`: an assertion that we sign for each request (RFC 7523 §2.2).
  ///
  /// - Parameter audience: the provider's issuer identifier. An endpoint in its place would let one provider use at
  ///   another what was made for it.
  case privateKey(id: String, SigningKey, audience: String)

  /// Seconds an assertion is good for.
  private static let assertionLifetime: Int64 = 60

  /// Adds to the form what belongs there.
  ///
  /// - Returns: the value of the Authorization field, if there is to be one.
  package func authenticate(
    _ form: inout FormBody, now: Int64 = Loop.unixTime
  ) throws(CryptoFailure) -> String? {
    switch self {
    case .secretInField(let id, let secret):
      let credentials = FormBody.encode(id.utf8) + [ASCII.colon] + FormBody.encode(secret.utf8)
      return "Basic " + Self.base64(credentials)
    case .secretInForm(let id, let secret):
      form.append("client_id", id)
      form.append("client_secret", secret)
    case .privateKey(let id, let key, let audience):
      form.append("client_id", id)
      form.append("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
      form.append("client_assertion", try Self.assertion(id, key, audience, now))
    }
    return nil
  }

  private static func assertion(
    _ id: String, _ key: SigningKey, _ audience: String, _ now: Int64
  ) throws(CryptoFailure) -> String {
    let claims: JSONValue = [
      "iss": .string(id), "sub": .string(id), "aud": .string(audience),
      "jti": .string(Base64URL.encode(try SecureRandom.bytes(16))), "iat": .integer(now),
      "exp": .integer(now + assertionLifetime),
    ]
    return try key.sign(claims, type: "JWT")
  }

  /// Standard Base64 with padding (RFC 4648 §4).
  private static func base64(_ bytes: [UInt8]) -> String {
    let text = Base64URL.encode(bytes).utf8.map { byte in
      switch byte {
      case ASCII.dash: UInt8(ascii: "+")
      case UInt8(ascii: "_"): ASCII.slash
      default: byte
      }
    }
    return String(decoding: text, as: UTF8.self) + String(repeating: "=", count: (3 - bytes.count % 3) % 3)
  }
}
