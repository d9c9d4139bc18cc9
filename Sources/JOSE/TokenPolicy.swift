internal import Bytes
internal import JSON

/// What an access token of one issuer must look like on one route. All kinds of conditions must hold; of audiences and
/// clients one entry is enough, of scopes one or all; an empty list means that its kind is not looked at.
package struct TokenPolicy: Equatable, Sendable {
  /// What the `typ` header may say (RFC 8725 §3.11).
  package enum TypeRule: Equatable, Sendable {
    /// Anything that is not known to be another kind of token.
    case any
    /// `at+jwt` (RFC 9068 §4).
    case accessTokenJWT
  }

  package enum ScopeMatch: Equatable, Sendable {
    case any, all
  }

  /// Which of an issuer's tokens are meant.
  package enum Kind: Equatable, Sendable {
    case accessToken
    /// OpenID Connect Core §2. Never on a route: an ID token says who has signed in, and opens nothing.
    case idToken
  }

  /// Compared code point by code point (RFC 9068 §4).
  package var issuer: String
  package var audiences: [String]
  package var clients: [String]
  /// Claims that may name the client; the first one present decides.
  package var clientClaims: [String]
  package var scopes: [String]
  package var scopeMatch: ScopeMatch
  /// Claims that carry granted scopes: space-separated in a string, or an array of strings. All of them
  /// count.
  package var scopeClaims: [String]
  /// What a scope includes, all levels down (GW-10).
  package var includedScopes: [String: [String]]
  package var customClaims: [ClaimRule]
  package var type: TypeRule
  package var algorithms: [JWSAlgorithm]
  /// Seconds that the issuer's clock may differ from ours.
  package var clockSkew: Int64
  package private(set) var kind = Kind.accessToken

  package static let defaultClientClaims = ["client_id", "azp", "cid", "appid"]
  package static let defaultScopeClaims = ["scope", "scp", "roles", "permissions"]
  package static let defaultClockSkew: Int64 = 60

  package init(
    issuer: String, audiences: [String] = [], clients: [String] = [],
    clientClaims: [String] = defaultClientClaims, scopes: [String] = [], scopeMatch: ScopeMatch = .any,
    scopeClaims: [String] = defaultScopeClaims, scopeHierarchy: [String: [String]] = [:],
    customClaims: [ClaimRule] = [], type: TypeRule = .any, algorithms: [JWSAlgorithm] = JWSAlgorithm.allCases,
    clockSkew: Int64 = defaultClockSkew
  ) {
    self.issuer = issuer
    self.audiences = audiences
    self.clients = clients
    self.clientClaims = clientClaims
    self.scopes = scopes
    self.scopeMatch = scopeMatch
    self.scopeClaims = scopeClaims
    includedScopes = Self.closure(of: scopeHierarchy)
    self.customClaims = customClaims
    self.type = type
    self.algorithms = algorithms
    self.clockSkew = clockSkew
  }

  /// For the ID tokens that the same issuer makes for one of its clients (OpenID Connect Core §3.1.3.7). Who may do
  /// what is asked of access tokens only.
  package func forIDTokens(of client: String) -> TokenPolicy {
    var policy = self
    policy.kind = .idToken
    policy.audiences = [client]
    policy.type = .any
    policy.clients = []
    policy.customClaims = []
    policy.scopes = []
    return policy
  }

  /// Whether a token with this `typ` may be what is meant. That of access tokens is never on an ID token.
  func accepts(_ type: TokenType?) -> Bool {
    kind == .idToken ? type != .accessToken : self.type == .any || type == .accessToken
  }

  /// Every scope with all that it includes, through however many levels.
  private static func closure(of hierarchy: [String: [String]]) -> [String: [String]] {
    hierarchy.mapValues { direct in
      var all: [String] = []
      var open = direct
      while let scope = open.popLast() {
        guard !all.contains(where: { $0.hasSameBytes(as: scope) }) else { continue }
        all.append(scope)
        open += hierarchy[scope] ?? []
      }
      return all
    }
  }

  /// Whether the scopes of a token are enough.
  func isSatisfied(by claims: Claims) -> Bool {
    guard !scopes.isEmpty else { return true }
    func isGranted(_ scope: String) -> Bool {
      claims.anyScope(scopeClaims) { one in
        if one.equals(text: scope) { return true }
        return includedScopes.contains { one.equals(text: $0) && $1.contains { $0.hasSameBytes(as: scope) } }
      }
    }
    return scopeMatch == .any ? scopes.contains(where: isGranted) : scopes.allSatisfy(isGranted)
  }
}
