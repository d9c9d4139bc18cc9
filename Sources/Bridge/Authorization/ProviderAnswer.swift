import JSON
import Web

/// What the provider has sent a browser back with (RFC 6749 §4.1.2, RFC 9207).
struct ProviderAnswer {
  enum Result: Equatable {
    case code(String)
    case error(OAuthError)
  }

  enum Fault: Error, Equatable {
    /// Neither a code nor an error, or several of them.
    case malformed
    /// From another provider than the one that was asked, or from nobody although this one always says who it is.
    case wrongIssuer
  }

  /// Bytes of a code; the longest known ones have 2000.
  private static let longestCode = 4096

  let result: Result

  /// - Parameters:
  ///   - issuer: whom the browser was sent to.
  ///   - namesItself: whether its answers always hold `iss`.
  init(_ parameters: FormParameters, issuer: String, namesItself: Bool) throws(Fault) {
    for name in ["code", "error", "error_description", "iss"] where parameters.isAmbiguous(name) { throw .malformed }
    switch parameters["iss"] {
    case let found?: guard found.hasSameBytes(as: issuer) else { throw .wrongIssuer }
    case nil: guard !namesItself else { throw .wrongIssuer }
    }
    switch (parameters["code"], parameters["error"]) {
    case (let code?, nil) where code.utf8.count <= Self.longestCode: result = .code(code)
    case (nil, let error?): result = .error(Self.error(error, parameters["error_description"]))
    default: throw .malformed
    }
  }

  /// What a client may be told (RFC 6749 §4.1.2.1, RFC 8707 §2, OpenID Connect Core 1.0 §3.1.2.6). `invalid_request`,
  /// `unauthorized_client` and the like would be about the gateway, not about the client.
  private static let passedOn: Set<String> = [
    "access_denied", "temporarily_unavailable", "invalid_scope", "invalid_target", "login_required",
    "interaction_required", "consent_required", "account_selection_required",
  ]

  private static func error(_ code: String, _ description: String?) -> OAuthError {
    let words = description.map(cleaned) ?? ""
    if passedOn.contains(code) {
      return OAuthError(code: code, description: words.isEmpty ? "the identity provider has refused" : words)
    }
    let name = cleaned(code)
    return OAuthError(
      code: "server_error",
      description: String(("the identity provider says \(name)" + (words.isEmpty ? "" : ": \(words)")).prefix(256)))
  }

  /// The characters of an `error_description` (RFC 6749 §4.1.2.1), at most 256.
  private static func cleaned(_ text: String) -> String {
    let allowed = text.utf8.lazy.map { 0x09...0x0D ~= $0 ? 0x20 : $0 }
      .filter { 0x20...0x7E ~= $0 && $0 != 0x22 && $0 != 0x5C }
    return String(decoding: allowed.prefix(256), as: UTF8.self)
  }
}
