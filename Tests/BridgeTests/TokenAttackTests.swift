import Bytes
import JOSE
import JSON
import Testing
import Web

@testable import Bridge

/// Requests for tokens that must not get any: the provider does not even hear of them.
struct TokenAttackTests {
  private static let now = TokenBridge.now

  private func verdict(_ bridge: TokenBridge, _ form: [(String, String?)], now: Int64 = now) throws -> String {
    let reply = try #require(bridge.token(form, now: now))
    #expect(bridge.provider.requests.isEmpty)
    return reply.verdict
  }

  // MARK: Forms

  private static let malformed: [([(String, String?)], String)] = [
    ([("client_id", nil)], "400 invalid_request bridge_malformed_request"),
    ([("client_id", "")], "400 invalid_request bridge_malformed_request"),
    ([("grant_type", nil)], "400 invalid_request bridge_malformed_request"),
    ([("code", nil)], "400 invalid_request bridge_malformed_request"),
    ([("code_verifier", nil)], "400 invalid_request bridge_malformed_request"),
    ([("code", "a"), ("code", "b")], "400 invalid_request bridge_malformed_request"),
    ([("client_id", "kiro"), ("client_id", "kiro")], "400 invalid_request bridge_malformed_request"),
    ([("anything", "a"), ("anything", "a")], "400 invalid_request bridge_malformed_request"),
    ([("client_id", "nobody")], "401 invalid_client bridge_client_unknown"),
    ([("client_id", "KIRO")], "401 invalid_client bridge_client_unknown"),
    // The gateway's secret goes with two grants only.
    ([("grant_type", "client_credentials")], "400 unsupported_grant_type bridge_unsupported_grant"),
    ([("grant_type", "password")], "400 unsupported_grant_type bridge_unsupported_grant"),
    (
      [("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange")],
      "400 unsupported_grant_type bridge_unsupported_grant"
    ),
    ([("grant_type", "Authorization_Code")], "400 unsupported_grant_type bridge_unsupported_grant"),
  ]

  @Test(arguments: malformed)
  func forms(_ changes: [(String, String?)], _ expected: String) throws {
    let bridge = try TokenBridge()
    #expect(try verdict(bridge, TokenBridge.redemption(bridge.code(), changes)) == expected)
  }

  @Test(arguments: ["application/json", "multipart/form-data", "text/plain", ""])
  func mediaTypes(_ type: String) throws {
    let bridge = try TokenBridge()
    let form = TokenBridge.request("/oauth/token", TokenBridge.redemption(try bridge.code()), [])
    let request = LocalRequest(
      method: "POST", path: form.path, fields: type.isEmpty ? [] : [("content-type", type)], body: form.body)
    let reply = TokenEndpoint(bridge.context, bridge.provider).respond(to: request, now: Self.now).reply
    #expect(reply?.verdict == "400 invalid_request bridge_malformed_request")
  }

  /// RFC 6749 §5.2: who has tried to authenticate by a field is told how.
  @Test(arguments: [(nil, nil), ("Basic bm9ib2R5Og==", #"Basic realm="https://mcp.example/oauth""#)])
  func anUnknownClientWithCredentials(_ credentials: String?, _ challenge: String?) throws {
    let bridge = try TokenBridge()
    let form = TokenBridge.redemption(try bridge.code(), [("client_id", "nobody")])
    let reply = bridge.token(form, fields: credentials.map { [("authorization", $0)] } ?? [])
    #expect(reply?.verdict == "401 invalid_client bridge_client_unknown")
    #expect(reply?.header("www-authenticate") == challenge)
  }

  // MARK: Codes

  /// Anybody can bring a code to the callback that the provider has never made.
  @Test func madeUpCodes() throws {
    let bridge = try TokenBridge { $0.clients.failureLimit = 2 }
    bridge.provider.outcomes = Array(repeating: .refused(ProviderError("invalid_grant")), count: 4)
    let form = TokenBridge.redemption(try bridge.code { $0.providerCode = "made-up" })
    for _ in 0..<2 { #expect(bridge.token(form)?.verdict == "400 invalid_grant bridge_grant_refused") }
    let refused = bridge.token(form)
    #expect(refused?.verdict == "429 temporarily_unavailable bridge_too_many_failures")
    #expect(refused?.header("retry-after") == "\(60 - Self.now % 60)")
    #expect(bridge.provider.requests.count == 2)
    #expect(bridge.token(form, from: "192.0.2.2")?.status == 400)
    let later = Self.now + 60
    let fresh = TokenBridge.redemption(try bridge.code(sealedAt: later))
    #expect(bridge.token(fresh, now: later)?.status == 400)
  }

  private static let swapped: [([(String, String?)], String)] = [
    ([("client_id", "another")], "400 invalid_grant bridge_code_of_another_client"),
    ([("redirect_uri", nil)], "400 invalid_grant bridge_redirect_uri_differs"),
    ([("redirect_uri", "http://localhost:4711/callback/")], "400 invalid_grant bridge_redirect_uri_differs"),
    ([("redirect_uri", "http://localhost/callback")], "400 invalid_grant bridge_redirect_uri_differs"),
    ([("redirect_uri", "HTTP://localhost:4711/callback")], "400 invalid_grant bridge_redirect_uri_differs"),
    ([("redirect_uri", "https://evil.example/")], "400 invalid_grant bridge_redirect_uri_differs"),
    ([("code_verifier", "9" + TokenBridge.verifier.dropFirst())], "400 invalid_grant bridge_verifier_differs"),
    ([("code_verifier", TokenBridge.verifier + "0")], "400 invalid_grant bridge_verifier_differs"),
    // The challenge is no verifier.
    (
      [("code_verifier", Base64URL.encode(TokenBridge.digest(TokenBridge.verifier)))],
      "400 invalid_grant bridge_verifier_differs"
    ),
    ([("resource", "https://mcp.example/other")], "400 invalid_target bridge_resource_differs"),
    ([("resource", "https://evil.example/mcp")], "400 invalid_target bridge_resource_differs"),
    ([("resource", "https://mcp.example")], "400 invalid_target bridge_resource_differs"),
    (
      [("resource", TokenBridge.resource), ("resource", "https://mcp.example/other")],
      "400 invalid_target bridge_resource_differs"
    ),
  ]

  @Test(arguments: swapped)
  func whoComesIsNotWhoAsked(_ changes: [(String, String?)], _ expected: String) throws {
    let bridge = try TokenBridge()
    #expect(try verdict(bridge, TokenBridge.redemption(bridge.code(), changes)) == expected)
  }

  /// RFC 7636 §4.1, whatever its digest.
  @Test(arguments: [1, 42, 129])
  func verifiersOfAnotherLength(_ length: Int) throws {
    let bridge = try TokenBridge()
    let verifier = String(repeating: "a", count: length)
    let code = try bridge.code { $0.challenge = Base64URL.encode(TokenBridge.digest(verifier)) }
    #expect(
      try verdict(bridge, TokenBridge.redemption(code, [("code_verifier", verifier)]))
        == "400 invalid_grant bridge_verifier_differs")
  }

  @Test(arguments: [43, 128])
  func verifiersOfTheRightLength(_ length: Int) throws {
    let bridge = try TokenBridge()
    let verifier = String(repeating: "a", count: length)
    let code = try bridge.code { $0.challenge = Base64URL.encode(TokenBridge.digest(verifier)) }
    _ = bridge.token(TokenBridge.redemption(code, [("code_verifier", verifier)]))
    #expect(bridge.provider.requests.count == 1)
  }

  /// Libraries spell the same resource differently, and may leave it out.
  @Test(arguments: [nil, "https://mcp.example/mcp", "https://mcp.example/mcp/", "HTTPS://MCP.example:443/mcp"])
  func theSameResource(_ resource: String?) throws {
    let bridge = try TokenBridge()
    _ = bridge.token(TokenBridge.redemption(try bridge.code(), [("resource", resource)]))
    #expect(bridge.provider.requests.count == 1)
  }

  @Test func aRedirectURIThatNobodyHasNamed() throws {
    let bridge = try TokenBridge()
    let code = try bridge.code { $0.namesRedirectURI = false }
    #expect(
      try verdict(bridge, TokenBridge.redemption(code, [("redirect_uri", "https://evil.example/")]))
        == "400 invalid_grant bridge_redirect_uri_differs")
    _ = bridge.token(TokenBridge.redemption(code, [("redirect_uri", nil)]))
    #expect(bridge.provider.requests.count == 1)
  }

  @Test(arguments: [(59, true), (60, false), (61, false), (86_400, false)])
  func codesExpire(_ age: Int64, _ isGood: Bool) throws {
    let bridge = try TokenBridge()
    let reply = bridge.token(TokenBridge.redemption(try bridge.code()), now: Self.now + age)
    #expect(bridge.provider.requests.count == (isGood ? 1 : 0))
    if !isGood { #expect(reply?.verdict == "400 invalid_grant bridge_code_unusable") }
  }

  @Test func codesThatAreNotOurs() throws {
    let bridge = try TokenBridge()
    let code = try bridge.code()
    let others = try SealingKeys([SealingKey(id: "1", secret: [UInt8](1...32))])
    let forged = [
      "x", "their-code", String(code.dropLast()), String(code.dropLast(4)), code + "AAAA", "B" + code.dropFirst(),
      String(code.reversed()), try bridge.code(by: Sealer(bridge.sealingKeys, context: "another")),
      try bridge.code(by: Sealer(others, context: "corporate")),
      // What is sealed for something else is no code.
      try bridge.refreshToken(), try bridge.sealer.seal([0x7B, 0x7D], for: SealPurpose("access"), expiry: .max),
      try bridge.sealer.seal([0x7B, 0x7D], for: AuthorizationCode.purpose, expiry: .max),
      try bridge.sealer.seal([], for: AuthorizationCode.purpose, expiry: .max),
    ]
    for code in forged {
      #expect(try verdict(bridge, TokenBridge.redemption(code)) == "400 invalid_grant bridge_code_unusable")
    }
  }

  @Test func everyByteOfACodeCounts() throws {
    let bridge = try TokenBridge()
    let code = try #require(Base64URL.decode(text: try bridge.code()))
    for index in code.indices {
      var altered = code
      altered[index] ^= 1
      let text = Base64URL.encode(altered)
      #expect(try verdict(bridge, TokenBridge.redemption(text)) == "400 invalid_grant bridge_code_unusable")
    }
  }

  /// The gateway remembers nothing: that the code was used, the provider says.
  @Test func aCodeWorksOnceBecauseTheProviderSaysSo() throws {
    let bridge = try TokenBridge()
    bridge.provider.outcomes = [
      .success(["access_token": "a", "token_type": "Bearer"]), .refused(ProviderError("invalid_grant")),
    ]
    let form = TokenBridge.redemption(try bridge.code())
    #expect(bridge.token(form)?.status == 200)
    #expect(bridge.token(form)?.verdict == "400 invalid_grant bridge_grant_refused")
    #expect(bridge.provider.requests.count == 2)
  }

  @Test func aRouteThatIsGone() throws {
    let bridge = try TokenBridge()
    let code = try bridge.code { $0.resource = "https://mcp.example/old" }
    #expect(try verdict(bridge, TokenBridge.redemption(code)) == "400 invalid_grant bridge_resource_gone")
    let token = try bridge.refreshToken { $0.resource = "https://mcp.example/old" }
    #expect(try verdict(bridge, TokenBridge.refresh(token)) == "400 invalid_grant bridge_resource_gone")
  }

  // MARK: Refresh tokens

  private static let refused: [([(String, String?)], String)] = [
    ([("client_id", "another")], "400 invalid_grant bridge_refresh_token_of_another_client"),
    ([("refresh_token", nil)], "400 invalid_request bridge_malformed_request"),
    ([("scope", "mcp:tools mcp:root")], "400 invalid_scope bridge_scope_widened"),
    ([("scope", "api://x/mcp:tools")], "400 invalid_scope bridge_scope_widened"),
    ([("scope", "MCP:tools")], "400 invalid_scope bridge_scope_widened"),
    ([("scope", "openid")], "400 invalid_scope bridge_scope_widened"),
    ([("resource", "https://mcp.example/other")], "400 invalid_target bridge_resource_differs"),
    ([("resource", "https://mcp.example/")], "400 invalid_target bridge_resource_differs"),
  ]

  @Test(arguments: refused)
  func refreshing(_ changes: [(String, String?)], _ expected: String) throws {
    let bridge = try TokenBridge()
    #expect(try verdict(bridge, TokenBridge.refresh(bridge.refreshToken(), changes)) == expected)
  }

  @Test func refreshTokensThatAreNotOurs() throws {
    let bridge = try TokenBridge()
    let token = try bridge.refreshToken()
    let forged = [
      "x", "their-refresh", String(token.dropLast(4)), "B" + token.dropFirst(),
      try bridge.refreshToken(by: Sealer(bridge.sealingKeys, context: "another")), try bridge.code(),
      try bridge.sealer.seal([0x7B, 0x7D], for: RefreshGrant.purpose, expiry: .max),
    ]
    for token in forged {
      #expect(
        try verdict(bridge, TokenBridge.refresh(token)) == "400 invalid_grant bridge_refresh_token_unusable")
    }
  }

  /// A grant ends so long after the user's decision as the settings say now.
  @Test func refreshTokensExpire() throws {
    let bridge = try TokenBridge { $0.refreshTokenLifetime = 5000 }
    let token = try bridge.refreshToken(lifetime: 5000)
    let kept = try bridge.refreshToken(lifetime: 90_000)
    for token in [token, kept] {
      #expect(
        try verdict(bridge, TokenBridge.refresh(token), now: Self.now + 4000)
          == "400 invalid_grant bridge_refresh_token_expired")
    }
    _ = bridge.token(TokenBridge.refresh(token), now: Self.now + 3999)
    #expect(bridge.provider.requests.count == 1)
  }
}
