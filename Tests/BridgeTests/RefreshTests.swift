import Bytes
import JOSE
import JSON
import Net
import Testing
import Web

@testable import Bridge

/// What `/token` makes of a refresh token, and of the provider's refusals.
struct RefreshTests {
  private static let tokens: JSONObject = ["access_token": "new", "token_type": "Bearer", "expires_in": 60]

  @Test func theProviderRotatesItsToken() throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success(Self.tokens + ["refresh_token": "next"])]
    let old = try bridge.refreshToken()
    let reply = try #require(bridge.token(TokenBridge.refresh(old)))
    #expect(bridge.provider.requests == ["grant_type=refresh_token refresh_token=their-refresh"])
    #expect(reply.verdict == "200 - -")
    #expect(reply.document?["access_token"] == "new")
    #expect(reply.document?["scope"] == "mcp:tools mcp:admin offline_access")
    var grant = try bridge.open(old)
    grant.providerToken = "next"
    #expect(try bridge.open(reply.document?["refresh_token"]?.stringValue) == grant)
  }

  /// The same grant, sealed anew: clients may drop the old one.
  @Test func theProviderKeepsItsToken() throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success(Self.tokens), .success(Self.tokens + ["refresh_token": ""])]
    let old = try bridge.refreshToken()
    for _ in 0..<2 {
      let new = bridge.token(TokenBridge.refresh(old))?.document?["refresh_token"]?.stringValue
      #expect(new != old)
      #expect(try bridge.open(new) == bridge.open(old))
    }
  }

  /// However often it is used, the grant ends when it was to end at first.
  @Test func useDoesNotProlongAGrant() throws {
    let bridge = try TokenBridge { $0.refreshTokenLifetime = 5000 }
    bridge.provider.outcomes = [.success(Self.tokens)]
    let old = try bridge.refreshToken(lifetime: 5000)
    let new = bridge.token(TokenBridge.refresh(old), now: TokenBridge.now + 3000)?.document?["refresh_token"]
    let text = try #require(new?.stringValue)
    #expect(bridge.sealer.open(text, for: RefreshGrant.purpose, now: TokenBridge.now + 3999) != .expired)
    #expect(bridge.sealer.open(text, for: RefreshGrant.purpose, now: TokenBridge.now + 4000) == .expired)
  }

  private static let scopes: [(String?, Bool, String?)] = [
    (nil, false, nil), ("", false, nil), (" ", false, nil),
    ("mcp:admin mcp:tools offline_access", false, nil),
    ("mcp:tools", false, "api://x/mcp:tools"), ("mcp:tools  mcp:tools", false, "api://x/mcp:tools"),
    ("offline_access mcp:tools", false, "offline_access api://x/mcp:tools"),
    (nil, true, "api://x/mcp:tools api://x/mcp:admin offline_access"), ("mcp:tools", true, "api://x/mcp:tools"),
  ]

  @Test(arguments: scopes)
  func whatTheProviderIsAskedFor(_ asked: String?, _ always: Bool, _ sent: String?) throws {
    let bridge = try TokenBridge { $0.provider.refreshesWithScope = always }
    bridge.provider.outcomes = [.success(Self.tokens)]
    let reply = bridge.token(TokenBridge.refresh(try bridge.refreshToken(), [("scope", asked)]))
    let expected = "grant_type=refresh_token refresh_token=their-refresh" + (sent.map { " scope=\($0)" } ?? "")
    #expect(bridge.provider.requests == [expected])
    // The grant stays as it was (RFC 6749 §6).
    let grant = try bridge.open(reply?.document?["refresh_token"]?.stringValue)
    #expect(grant.scopes == ["mcp:tools", "mcp:admin", "offline_access"])
  }

  @Test func scopesThatTheProviderHasBesides() throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [.success(Self.tokens + ["scope": "api://x/mcp:tools api://x/mcp:more"])]
    let reply = bridge.token(TokenBridge.refresh(try bridge.refreshToken { $0.scopes = ["mcp:tools"] }))
    #expect(reply?.document?["scope"] == "mcp:tools mcp:more")
    #expect(
      try bridge.open(reply?.document?["refresh_token"]?.stringValue).scopes == ["mcp:tools", "mcp:more"])
  }

  // MARK: Refusals

  private static let refusals: [(ProviderOutcome, String, String)] = [
    (refusal("invalid_grant"), "400 invalid_grant bridge_grant_refused", "the provider says invalid_grant"),
    (
      .refused(ProviderError("invalid_grant", numbers: [70008])), "400 invalid_grant bridge_grant_refused",
      "the provider says invalid_grant, error_codes 70008"
    ),
    // More is asked of the user, which only signing in again can give.
    (
      refusal("interaction_required"), "400 invalid_grant bridge_grant_refused",
      "the provider says interaction_required"
    ),
    (
      refusal("bad_verification_code"), "400 invalid_grant bridge_grant_refused",
      "the provider says bad_verification_code"
    ),
    (refusal("invalid_scope"), "400 invalid_scope bridge_grant_refused", "the provider says invalid_scope"),
    (refusal("invalid_target"), "400 invalid_target bridge_grant_refused", "the provider says invalid_target"),
    (refusal("access_denied"), "400 access_denied bridge_grant_refused", "the provider says access_denied"),
    // What is wrong with the gateway's own client must not make clients forget theirs.
    (refusal("invalid_client"), "500 server_error bridge_client_refused", "the provider says invalid_client"),
    (
      refusal("unauthorized_client"), "500 server_error bridge_client_refused",
      "the provider says unauthorized_client"
    ),
    (refusal("invalid_request"), "500 server_error bridge_client_refused", "the provider says invalid_request"),
    (
      refusal("unsupported_grant_type"), "500 server_error bridge_client_refused",
      "the provider says unsupported_grant_type"
    ),
    (
      .unavailable(retryAfter: 7, reason: "down"), "503 temporarily_unavailable bridge_provider_unavailable", "down"
    ),
    (
      .noEndpoint, "500 server_error bridge_no_token_endpoint", "the provider's metadata has no token_endpoint"
    ),
  ]

  private static func refusal(_ code: String) -> ProviderOutcome { .refused(ProviderError(code)) }

  @Test(arguments: refusals.indices)
  func whatTheProviderRefuses(_ index: Int) throws {
    let (outcome, verdict, detail) = Self.refusals[index]
    let bridge = try TokenBridge()
    for form in [
      TokenBridge.redemption(try bridge.code()), TokenBridge.refresh(try bridge.refreshToken()),
    ] {
      bridge.provider.outcomes = [outcome]
      let reply = bridge.token(form)
      #expect(reply?.verdict == verdict)
      #expect(reply?.detail == detail)
      #expect(reply?.header("retry-after") == (verdict.hasPrefix("503") ? "7" : nil))
      // The provider's word is for the log.
      #expect(reply?.document?["error_description"]?.stringValue?.contains("provider says") == false)
    }
  }

  // MARK: Clients

  /// A registration, as the registration endpoint seals it.
  private func registration(_ bridge: TokenBridge, at time: Int64, lifetime: Int64 = 86_400) throws -> String {
    let payload: JSONValue = ["id": "0123456789abcdef", "iat": .integer(time), "redirect_uris": ["https://a.example/"]]
    return try bridge.sealer.seal(payload.serialized(), for: SealPurpose("client"), expiry: time + lifetime)
  }

  @Test func registeredClients() throws {
    let bridge = try TokenBridge { $0.clients.registrationLifetime = 86_400 }
    let now = TokenBridge.now
    let rows: [(String, String?)] = [
      (try registration(bridge, at: now - 10), nil), (try registration(bridge, at: now - 86_399), nil),
      (try registration(bridge, at: now - 86_400), "bridge_client_expired"),
      // The lifetime was longer once.
      (try registration(bridge, at: now - 90_000, lifetime: 900_000), "bridge_client_expired"),
      (try bridge.code(), "bridge_client_unknown"), (try bridge.refreshToken(), "bridge_client_unknown"),
      ("x", "bridge_client_unknown"),
      (try registration(TokenBridge(name: "another"), at: now), "bridge_client_unknown"),
    ]
    for (id, reason) in rows {
      let token = try bridge.refreshToken { $0.clientDigest = TokenBridge.digest(id) }
      bridge.provider.outcomes = [.success(Self.tokens)]
      let verdict = bridge.token(TokenBridge.refresh(token, [("client_id", id)]))?.verdict
      #expect(verdict == (reason.map { "401 invalid_client \($0)" } ?? "200 - -"))
    }
  }

  private static let documents: [(String, [String]?, String?)] = [
    ("https://claude.ai/oauth/client", nil, nil), ("https://claude.ai/oauth/client", ["claude.ai"], nil),
    ("https://CLAUDE.ai/oauth/client", ["Claude.AI"], nil), ("https://a.corp.example/c", ["*.corp.example"], nil),
    ("https://apps.internal/c", ["claude.ai"], nil),
    ("https://claude.ai/oauth/client", [], "bridge_client_document_refused"),
    ("https://corp.example/c", ["*.corp.example"], "bridge_client_document_refused"),
    ("https://claude.ai@evil.example/c", ["claude.ai"], "bridge_client_document_refused"),
    ("https://", nil, "bridge_client_document_refused"),
  ]

  /// Documents are not fetched again: the server of this one cannot even be found. Who may have one is looked at.
  @Test(arguments: documents)
  func clientsWithDocuments(_ url: String, _ hosts: [String]?, _ reason: String?) throws {
    let bridge = try TokenBridge()
    let tls = try TLSClientContext(TLSClientSettings())
    var settings = ClientDocumentStore.Settings(tls: tls, internalTLS: tls)
    settings.allowedHosts = hosts.map { HostNames($0) }
    settings.internalHosts = HostNames(["apps.internal"])
    bridge.documents = ClientDocumentStore(
      bridge.loop, settings, lookups: NameLookups { $2(.failure(.notFound)) })
    let token = try bridge.refreshToken { $0.clientDigest = TokenBridge.digest(url) }
    bridge.provider.outcomes = [.success(Self.tokens)]
    let verdict = bridge.token(TokenBridge.refresh(token, [("client_id", url)]))?.verdict
    #expect(verdict == (reason.map { "401 invalid_client \($0)" } ?? "200 - -"))
  }

  @Test func documentsThatAreNotUsedAnyMore() throws {
    let bridge = try TokenBridge()
    let url = "https://claude.ai/oauth/client"
    let token = try bridge.refreshToken { $0.clientDigest = TokenBridge.digest(url) }
    let verdict = bridge.token(TokenBridge.refresh(token, [("client_id", url)]))?.verdict
    #expect(verdict == "401 invalid_client bridge_client_unknown")
  }
}

extension JSONObject {
  /// With more members, which replace those of the same name.
  static func + (left: JSONObject, right: JSONObject) -> JSONObject {
    var all = left
    for member in right.members { all[member.name] = member.value }
    return all
  }
}
