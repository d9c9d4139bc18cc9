/// What a user has allowed a client: the family that all tokens of one consent belong to.
struct Grant {
  let id: String
  let clientID: String
  let user: DemoUser
  let scopes: [DemoScope]
  let audience: String
  let nonce: String?
  /// When the user decided.
  let issuedAt: Int64
}

/// An authorization code (RFC 6749 §4.1.2) and what it is bound to.
struct AuthorizationCode {
  let grantID: String
  let redirectURI: String
  let challenge: String
  /// Kept after its use, so that a second use is noticed.
  var isSpent = false
}

struct RefreshToken {
  let grantID: String
  /// Kept after its use, so that a second use is noticed (RFC 9700 §4.14.2).
  var isSpent = false
}

/// What an access token lets its bearer learn about the user.
struct AccessRecord {
  let grantID: String
  let scopes: [DemoScope]
}
