import JOSE
import JSON
import Onboarding

/// Judges what a provider's metadata and keys mean for clients and for the gateway.
enum ProviderFindings {
  /// PKCE (RFC 7636, RFC 8414 §2): MCP clients must find it in the metadata.
  static func pkce(_ document: JSONValue) -> Finding {
    guard let methods = document["code_challenge_methods_supported"]?.stringsValue else {
      return .warning(
        "PKCE", "the metadata does not say that the provider knows PKCE",
        remedy: "Most clients use it all the same. The C# SDK, the AI SDK of Vercel and older versions of Zed refuse: "
          + "for them the provider must publish code_challenge_methods_supported with S256.")
    }
    guard methods.contains("S256") else {
      return .problem(
        "PKCE", "code_challenge_methods_supported has no S256",
        remedy: "Turn on PKCE with S256 at the provider: MCP clients use nothing else.")
    }
    return .ok("PKCE", "S256")
  }

  /// How clients come to be known to the provider.
  static func registration(_ document: JSONValue) -> Finding {
    let registers = document["registration_endpoint"]?.stringValue != nil
    let takesDocuments = document["client_id_metadata_document_supported"]?.boolValue == true
    switch (registers, takesDocuments) {
    case (true, true): return .ok("registration", "clients register by themselves (DCR), or by their URL (CIMD)")
    case (true, false): return .ok("registration", "clients register by themselves (DCR)")
    case (false, true):
      return .warning(
        "registration", "only clients that are known by their URL (CIMD) come by themselves: Claude Code, VS Code",
        remedy: "Register a client by hand for the others (Kiro, Cursor, Codex, Gemini CLI), with the redirect URIs "
          + "below.")
    case (false, false):
      return .warning(
        "registration", "the provider registers no clients by itself (neither DCR nor CIMD)",
        remedy: "Register a public client with PKCE by hand, with the redirect URIs below, and give its ID to users: "
          + "see docs/clients.md.")
    }
  }

  /// The keys as the gateway would use them.
  static func keys(_ document: [UInt8], from place: String) -> Finding {
    let keys: KeySet
    do {
      keys = try KeySet(parsing: document)
    } catch {
      return .problem("keys", "\(place) is not a JWK set", remedy: "See what answers there; correct jwks_uri.")
    }
    let skipped = keys.skippedCounts.map { "\($0.reason.rawValue): \($0.count)" }.joined(separator: ", ")
    let rest = skipped.isEmpty ? "" : "; not used: \(skipped)"
    guard !keys.keys.isEmpty else {
      return .problem(
        "keys", "\(place) has no usable key\(rest)",
        remedy: "Have the provider sign access tokens with RS256 or ES256, with keys of at least 2048 bits.")
    }
    return .ok("keys", "\(place): \(count(keys))\(rest)")
  }

  private static func count(_ keys: KeySet) -> String {
    let ids = Set(keys.keys.map { $0.kid ?? "" }).count
    let algorithms = JWSAlgorithm.allCases.filter { algorithm in keys.keys.contains { $0.algorithm == algorithm } }
    return "\(ids) usable for \(algorithms.map(\.rawValue).joined(separator: ", "))"
  }

  /// The provider's clock against ours.
  ///
  /// - Parameter skew: seconds that the route allows.
  static func clock(_ response: ProbeAnswer.Response, skew: Int64) -> Finding? {
    guard let text = response.all("date").first, let theirs = HTTPDate.seconds(text) else { return nil }
    let difference = theirs - response.receivedAt
    let size = abs(difference)
    // The field counts whole seconds, and the answer was under way.
    guard size > 5 else { return .ok("clock", "within 5 s of the provider's") }
    let words = "the provider's clock is \(UTCDate.duration(size)) \(difference > 0 ? "ahead of" : "behind") ours"
    let remedy = "Set both clocks by NTP."
    guard size > skew else { return .warning("clock", words, remedy: remedy) }
    let effect = difference > 0 ? "new tokens seem to come from the future" : "tokens seem to expire early or late"
    return .problem("clock", "\(words), more than clock_skew allows: \(effect)", remedy: remedy)
  }

  /// - Parameter configured: `introspection.endpoint`.
  static func introspection(_ document: JSONValue?, configured: String?) -> Finding {
    if let endpoint = configured ?? document?["introspection_endpoint"]?.stringValue {
      return .ok("introspection", endpoint)
    }
    return .problem(
      "introspection", "the metadata has no introspection_endpoint",
      remedy: "Give introspection.endpoint, or remove introspection when the provider knows none.")
  }

  /// What has to be registered for the clients that most people use.
  static var redirects: [Finding] {
    let clients: [MCPClient] = [.kiro, .claudeCode, .vsCode, .cursor, .codex, .geminiCLI]
    return clients.compactMap(ClientRedirects.of).map { .information("redirect URI", $0.summary) }
  }
}
