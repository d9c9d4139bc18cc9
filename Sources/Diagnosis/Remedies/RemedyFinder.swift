import Configuration
import JOSE
import JSON

/// What can be done about a token that a route refuses: in words, for the product that has issued it. The reasons in
/// docs/logs.md say the same, shorter.
struct RemedyFinder {
  let route: RouteConfiguration
  let entry: AuthorizationConfiguration
  let header: JSONValue?
  let claims: JSONValue?
  let shape: TokenShape
  /// Of the entry.
  var bridge: BridgeConfiguration?

  var provider: ProviderPreset { KnownProvider(entry).preset }
  /// `iss` of the token.
  var issuer: String? { claims?["iss"]?.stringValue }

  /// The claim of that name, or at that path.
  func claim(_ name: String) -> JSONValue? { claims?.claim(name) }
  var audience: [String] {
    guard let value = claims?["aud"] else { return [] }
    return value.stringValue.map { [$0] } ?? value.stringsValue ?? []
  }

  /// One or more sentences.
  ///
  /// - Parameter ruleIndex: which of the entry's custom claims has failed.
  func remedy(for fault: TokenFault, ruleIndex: Int? = nil) -> String {
    switch fault {
    case .tooLong: "Have the provider put less into it: groups and roles by the hundred do not belong into a token."
    case .opaque, .encrypted, .malformed, .malformedHeader, .malformedClaims: ofForm(fault)
    case .unsupportedHeader:
      "The header asks for an extension (crit, zip or b64) that no access token needs: turn it off at the provider."
    case .unsupportedAlgorithm: ofAlgorithm
    case .wrongTokenType: ofType
    case .notAnAccessToken: ofKind
    case .missingExpiry:
      "Access tokens without exp are good for ever: set a lifetime for the access tokens of this API at the provider."
    case .expired: ofExpiry
    case .notYetValid, .issuedInFuture:
      "The clocks differ: set both by NTP. clock_skew (\(entry.clockSkew.milliseconds / 1000) s) allows up to 5m."
    case .wrongIssuer: ofIssuer
    case .wrongAudience: ofAudience
    case .unknownKey, .badSignature: ofSignature(fault)
    case .inactive:
      "The provider says that the token has expired, was revoked, or is not for this client to ask about: ask for a "
        + "new one, and look at the provider's own log."
    case .unsupportedConfirmation:
      "The token is bound (cnf) in a way other than a client certificate or a DPoP key: turn that off at the provider."
    case .notBoundToCertificate:
      "Let the client get its token over mutual TLS (RFC 8705), and turn on certificate-bound access tokens for it at "
        + "the provider; or leave certificate_bound_tokens out."
    case .proofRequired: ofProof
    case .notBoundToKey: "Let the client ask for the token with a DPoP proof of the same key (RFC 9449 §5)."
    case .wrongClient: ofClient
    case .claimMismatch: ofClaims(ruleIndex)
    case .insufficientScope: ofScopes
    }
  }

  private var ofProof: String {
    claims?["cnf"]?["jkt"] == nil
      ? "Let the client ask for the token with a DPoP proof (RFC 9449 §5), or set dpop.mode to optional."
      : "The token is bound to a key of the client: add dpop to this entry, or have the client ask for a bearer token."
  }

  private var ofExpiry: String {
    "Ask for a new one: clients do that by themselves with their refresh token, or sign the user in again. "
      + "When tokens expire at once, the clocks differ: set both by NTP."
  }

  private var ofAlgorithm: String {
    let alg = header?["alg"]?.stringValue ?? ""
    if isRefreshToken { return ofKind }
    if alg.hasPrefix("HS") {
      let where_ = provider == .auth0 ? " (Auth0: settings of the API, JSON Web Token signing algorithm)" : ""
      return "\(alg) needs the secret of whoever signs, so a gateway cannot check it: have the provider sign with "
        + "RS256 or ES256\(where_)."
    }
    if alg == "none" { return "The token is not signed at all: nobody can tell who has made it. Get another one." }
    return "Add \(alg.isEmpty ? "its algorithm" : alg) to allowed_algorithms if the provider is meant to sign with it."
  }

  private var ofType: String {
    let hint = provider == .auth0 ? " In Auth0 it is the setting RFC 9068 of the API's token profile." : ""
    return "Set token_type to any when the provider issues access tokens without the type at+jwt, as most do; or turn "
      + "on the profile of RFC 9068 there.\(hint)"
  }

  /// Keycloak says so, and signs them for itself.
  private var isRefreshToken: Bool { claims?["typ"] == "Refresh" || claims?["typ"] == "Offline" }

  /// Whether it shows what only ID tokens have, as Claims.isAnother sees it.
  var isIDToken: Bool {
    if let use = claims?["token_use"] { return use == "id" }
    if let kind = claims?["typ"], kind == "Bearer" || kind == "ID" { return kind == "ID" }
    return ["nonce", "at_hash", "c_hash", "s_hash"].contains { claims?[$0] != nil }
  }

  private var ofKind: String {
    if isRefreshToken {
      return "This is a refresh token: it goes to the provider's token endpoint only. Use the access_token of the same "
        + "answer."
    }
    if claims?["events"] != nil || header?["typ"]?.stringValue?.lowercased().contains("logout") == true {
      return "This is a message of the provider about a session (logout or security event), not a token to call with."
    }
    return "This is an ID token: it tells a client who has signed in, and opens nothing. Use the access_token of the "
      + "same answer."
  }

  private func ofSignature(_ fault: TokenFault) -> String {
    if provider == .entra, header?["nonce"] != nil {
      return "The token is for Microsoft Graph, which alone can check it: ask for a scope of the API behind this route."
    }
    if fault == .badSignature {
      return "A key with this id has not made the signature: the token was changed or cut on its way, or it comes from "
        + "another installation with the same key ids. Get a new one."
    }
    let kid = header?["kid"]?.stringValue.map { "the key \($0)" } ?? "a key without id"
    let entra =
      provider == .entra
      ? " An application with claims mapping has keys of its own: give issuer and, in place of discovery_url, jwks_uri "
        + "with ?appid=CLIENT_ID at its end." : ""
    return "The provider does not publish \(kid) for this algorithm: the token comes from another tenant or "
      + "environment, or is from before the keys were replaced.\(entra)"
  }

  private var ofClient: String {
    for name in entry.clientIDClaims {
      guard let value = claim(name) else { continue }
      guard let client = value.stringValue else {
        return "\(name) is not a string: name the claim that holds the client in client_id_claims."
      }
      if let bridge, bridge.tokens == .passthrough, client == bridge.clientID {
        return "\(name) is \(client), as in each token that the bridge \(bridge.name) gets: add it to allowed_clients; "
          + "or let the bridge wrap tokens (tokens: wrap), which then name the MCP client."
      }
      return "\(name) is \(client): add it to allowed_clients if that client may use this route."
    }
    let names = ["client_id", "azp", "cid", "appid"].filter { claims?[$0] != nil }
    return names.isEmpty
      ? "The token does not say which client it was issued to: use allowed_audience in place of allowed_clients."
      : "The client is in \(names.joined(separator: ", ")), which client_id_claims does not name: add it there."
  }
}
