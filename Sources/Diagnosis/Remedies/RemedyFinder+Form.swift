import Configuration
import JOSE

extension RemedyFinder {
  /// What cannot even be read as a signed JWT.
  func ofForm(_ fault: TokenFault) -> String {
    switch shape {
    case .signed, .unknown: opaque(fault)
    case .cutOff:
      "It begins like a JWT, but a part is missing or damaged: copy the whole token, which has two dots, and no line "
        + "breaks or quotes."
    case .encrypted:
      "The token is encrypted for somebody else (JWE): turn off token encryption for this API at the provider."
    case .auth0Opaque:
      "Auth0 has issued an opaque token, because no API was asked for: let clients send the audience of the API "
        + "(\(wantedAudience)), turn on the Resource Parameter Compatibility Profile, or set it as Default Audience in "
        + "the settings of the tenant."
    case .googleAccessToken where entry.provider == .google && bridge != nil:
      "This is an access token of Google, which is opaque: the bridge wraps what the ID token says, so that clients get "
        + "a token of the gateway. Let them sign in at this route."
    case .googleAccessToken:
      "This is an access token of Google: it is opaque, and Google offers no introspection (RFC 7662). Let a provider "
        + "that issues JWTs, such as Keycloak or Auth0, sign people in with Google, and name that one here."
    case .refreshToken(let whose):
      "This looks like a refresh token of \(whose): it goes to the provider's token endpoint only. Use the "
        + "access_token of the same answer, and revoke this one if others may have seen it."
    case .authorizationCode(let whose):
      "This looks like an authorization code of \(whose): clients exchange it for a token. Use the access_token that "
        + "they get."
    case .clientSecret(let whose):
      "This looks like a client secret of \(whose), not a token: replace it at the provider if others may have seen "
        + "it."
    case .gitHubToken: "This is a token of GitHub, which no other server can check: sign in at the route's provider."
    case .sealed(let keyID):
      "A gateway's bridge has sealed this with its key \(keyID), and this entry has no bridge that wraps tokens: use it "
        + "at the route that it was issued for."
    case .tokenResponse: "This is the whole answer of a token endpoint: paste the value of its access_token alone."
    case .severalWords: "This is more than one word: paste the token alone, without a header's name or a command."
    }
  }

  private func opaque(_ fault: TokenFault) -> String {
    if fault == .malformedHeader || fault == .malformedClaims {
      return "A part of the token is not a JSON object with values of the right types, each name once: whoever has "
        + "made it is no proper provider."
    }
    if provider == .auth0 {
      return "Auth0 issues opaque tokens when no API is asked for: let clients send the audience of the API "
        + "(\(wantedAudience)), or set it as Default Audience in the settings of the tenant."
    }
    if entry.introspection == nil {
      return "The token is opaque: only its provider can read it. Have the provider issue JWTs for this API, or add "
        + "introspection to this entry, so that the gateway asks it."
    }
    return "Introspection is on, but was not used: see the other checks."
  }

  var wantedAudience: String { entry.allowedAudience.first ?? route.location }
}
