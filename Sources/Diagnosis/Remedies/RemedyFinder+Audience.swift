import Configuration
import JSON

extension RemedyFinder {
  /// The ID of Microsoft Graph.
  private static let graph = "00000003-0000-0000-c000-000000000000"

  var ofAudience: String {
    guard !audience.isEmpty else { return withoutAudience }
    let found = audience.joined(separator: ", ")
    if isIDToken {
      return "aud is \(found), the client, because this is an ID token: it opens nothing. Use the access_token of the "
        + "same answer."
    }
    if let slash = audience.first(where: { one in entry.allowedAudience.contains { Self.differBySlash(one, $0) } }) {
      return "They differ by a slash at the end only, and are compared byte by byte: add \(slash) to allowed_audience."
    }
    switch provider {
    case .entra: return entra(found)
    case .okta:
      return
        "aud is \(found), the audience of the authorization server in Okta, but the route wants \(wantedAudience): "
        + "change it there (Security, API), or add it to allowed_audience and name the clients in allowed_clients."
    case .keycloak:
      let default_ = audience == ["account"] ? "aud is only Keycloak's own account" : "aud is \(found)"
      return "\(default_), but the route wants \(wantedAudience): add a mapper of the type Audience with that value to "
        + "a client scope, and the scope to the client; or add what is there to allowed_audience."
    case .auth0 where audience.allSatisfy { $0.hasSuffix("/userinfo") }:
      return "The token is for Auth0's own /userinfo only: let clients send the audience of the API "
        + "(\(wantedAudience)), or set it as Default Audience in the settings of the tenant."
    default:
      return "aud is \(found), but the route wants \(wanted): add it to allowed_audience if tokens for it may be used "
        + "here; else let the client ask for \(wantedAudience) (resource, RFC 8707) and the provider put it into aud."
    }
  }

  private var wanted: String {
    entry.allowedAudience.count == 1 ? wantedAudience : "one of \(entry.allowedAudience.joined(separator: ", "))"
  }

  private static func differBySlash(_ one: String, _ other: String) -> Bool {
    one + "/" == other || other + "/" == one
  }

  /// Those of Microsoft Graph are of version 1, whatever the API behind the route has.
  var ofGraph: String? {
    guard audience.contains(Self.graph) || audience.contains(where: { $0.hasPrefix("https://graph.microsoft.com") })
    else { return nil }
    return "The token is for Microsoft Graph, because a scope without its API was asked for: ask for "
      + "APPLICATION_ID_URI/SCOPE of the API behind this route."
  }

  private func entra(_ found: String) -> String {
    if let ofGraph { return ofGraph }
    return "aud is \(found), but the route wants \(wanted): add it to allowed_audience, or set the Application ID URI "
      + "in Entra (Expose an API) to \(wantedAudience). Version 2 tokens carry the ID of the API's application, a GUID; "
      + "version 1 tokens its URI: name both."
  }

  private var withoutAudience: String {
    switch provider {
    case .cognito:
      "Cognito puts aud only into access tokens that the client asks for with resource (RFC 8707), on the Essentials "
        + "and Plus plans: name the clients in allowed_clients in place of allowed_audience"
        + "\(claims?["client_id"]?.stringValue.map { ", here \($0)." } ?? ".")"
    case .keycloak:
      "Keycloak puts no aud into its tokens by itself: add a mapper of the type Audience, with the value "
        + "\(wantedAudience), to a client scope, and the scope to the client."
    default:
      "The token has no aud: have the provider put \(wantedAudience) into it; or name the clients in allowed_clients "
        + "in place of allowed_audience."
    }
  }
}
