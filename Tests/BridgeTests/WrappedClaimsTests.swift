import JOSE
import JSON
import Testing

@testable import Bridge

struct WrappedClaimsTests {
  private func wrap(
    _ claims: JSONObject, clients: [String] = ["client_id", "azp"], scopes: [String] = ["scope", "realm_access.roles"],
    granted: [String]? = ["a", "b"]
  ) -> JSONObject? {
    let policy = TokenPolicy(issuer: "i", clientClaims: clients, scopeClaims: scopes)
    return WrappedClaims(claims, policy, clientID: "kiro", scopes: granted, audience: "r", end: 100, now: 10)?.members
  }

  private static let ours: JSONObject = ["aud": ["r"], "exp": 100, "iat": 10]

  private static let rows: [(JSONObject, JSONObject)] = [
    ([:], ["client_id": "kiro", "scope": "a b"] + ours),
    (
      ["azp": "x", "client_id": "y", "scope": "z", "sub": "jane"],
      ["sub": "jane", "client_id": "kiro", "scope": "a b"] + ours
    ),
    // Claims inside of others count, and so they go.
    (
      ["realm_access": ["roles": ["root"], "more": 1]],
      ["realm_access": ["more": 1], "client_id": "kiro", "scope": "a b"] + ours
    ),
    (
      ["realm_access.roles": "root", "realm_access": ["roles": 1]],
      ["realm_access": [:], "client_id": "kiro", "scope": "a b"] + ours
    ),
    (["realm_access": "text"], ["realm_access": "text", "client_id": "kiro", "scope": "a b"] + ours),
  ]

  @Test(arguments: rows)
  func clientsAndScopes(_ claims: JSONObject, _ expected: JSONObject) { #expect(wrap(claims) == expected) }

  /// What the policy reads is what was set, wherever its names lead to.
  @Test(arguments: [["realm_access.roles", "scope"], ["a.b.c"], ["scp"]])
  func scopesAreReadAsSet(_ names: [String]) {
    let claims: JSONObject = [
      "scope": "x", "realm_access": ["roles": ["x"]], "a": ["b": ["c": "x"], "b.c": "x"], "a.b": ["c": "x"],
      "a.b.c": "x", "scp": ["x"],
    ]
    let made = wrap(claims, scopes: names)
    let found = names.compactMap { name in made.map { JSONValue.object($0) }?.claim(name) }
    #expect(found == ["a b"])
  }

  @Test func scopesMayStayAsTheyAre() {
    #expect(wrap(["scope": "z"], granted: nil)?["scope"] == "z")
  }

  private static let ends: [(JSONValue, JSONValue?)] = [
    (200, 100), (100, 100), (99, 99), (11, 11), (10, nil), (0, nil), (.null, 100), ("x", 100),
  ]

  @Test(arguments: ends)
  func theEnd(_ exp: JSONValue, _ expected: JSONValue?) { #expect(wrap(["exp": exp])?["exp"] == expected) }
}
