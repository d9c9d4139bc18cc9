import Bytes
import JSON

/// What a token looks like from outside, where it is no signed JWT: products can be told by how their tokens begin.
/// For people only; nothing is decided by it.
package enum TokenShape: Equatable, Sendable {
  /// Three parts, of which the first two are JSON.
  case signed
  /// It begins like a JWT, and has not its three parts.
  case cutOff
  /// Five parts (RFC 7516 §3.1).
  case encrypted
  /// What Auth0 issues when no API is asked for: encrypted for itself.
  case auth0Opaque
  case googleAccessToken
  /// Whose, in words; it goes to the token endpoint only.
  case refreshToken(String)
  case authorizationCode(String)
  case clientSecret(String)
  case gitHubToken
  /// By a bridge of a gateway like this one. The key's id stands readable in it.
  case sealed(keyID: String)
  /// The whole answer of a token endpoint.
  case tokenResponse
  /// More than one word.
  case severalWords
  case unknown

  package init(_ token: PastedToken) {
    let text = String(decoding: token.bytes, as: UTF8.self)
    if let known = Self.byBeginning(text) {
      self = known
    } else if text.utf8.contains(where: { $0 == 0x20 || 0x09...0x0D ~= $0 }) {
      self = .severalWords
    } else {
      self = Self.byParts(text)
    }
  }

  private static func byBeginning(_ text: String) -> TokenShape? {
    let beginnings: [(String, TokenShape)] = [
      ("{", .tokenResponse), ("ya29.", .googleAccessToken), ("1//", .refreshToken("Google")),
      ("4/0", .authorizationCode("Google")), ("GOCSPX-", .clientSecret("Google")), ("v1.M", .refreshToken("Auth0")),
      ("gho_", .gitHubToken), ("ghp_", .gitHubToken), ("ghu_", .gitHubToken), ("github_pat_", .gitHubToken),
    ]
    if let found = beginnings.first(where: { text.hasPrefix($0.0) }) { return found.1 }
    // Entra: three characters, a digit, "Q~".
    let characters = text.utf8.prefix(6)
    if text.utf8.count == 40, characters.count == 6, characters.suffix(2).elementsEqual("Q~".utf8) {
      return .clientSecret("Entra ID")
    }
    if text.utf8.count > 200, ["0.A", "1.A"].contains(where: text.hasPrefix) { return .refreshToken("Entra ID") }
    return nil
  }

  private static func byParts(_ text: String) -> TokenShape {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard let first = parts.first, let header = json(first) else {
      return text.hasPrefix("eyJ") ? .cutOff : sealed(text) ?? .unknown
    }
    switch parts.count {
    case 3: return json(parts[1]) == nil || parts[2].isEmpty ? .cutOff : .signed
    case 5:
      if header["alg"] == "dir", header["iss"] != nil { return .auth0Opaque }
      if header["alg"] == "RSA-OAEP", header["enc"] == "A256GCM", header["iss"] == nil {
        return .refreshToken("Amazon Cognito")
      }
      return .encrypted
    default: return .cutOff
    }
  }

  /// Version 1, the length of the key's id, and the id; a nonce and a tag behind it.
  private static func sealed(_ text: String) -> TokenShape? {
    guard let bytes = Base64URL.decode(text), bytes.count > 2, bytes[0] == 1 else { return nil }
    let id = bytes.dropFirst(2).prefix(Int(bytes[1]))
    guard (1...32).contains(id.count), id.count == Int(bytes[1]), bytes.count >= 2 + id.count + 28,
      id.allSatisfy({ ASCII.isAlpha($0) || ASCII.isDigit($0) || "._-".utf8.contains($0) })
    else { return nil }
    return .sealed(keyID: String(decoding: id, as: UTF8.self))
  }

  private static func json(_ part: Substring) -> JSONValue? {
    guard let text = Base64URL.decode(String(part)), let value = try? JSONValue.parse(text) else { return nil }
    return value.objectValue == nil ? nil : value
  }
}
