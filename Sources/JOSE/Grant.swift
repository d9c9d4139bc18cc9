/// To whom a token was issued, and for what: read once for the conditions and for what is kept.
struct Grant {
  let client: String?
  let scopes: [String]

  init(_ claims: Claims, _ policy: TokenPolicy) {
    client = claims.client(policy.clientClaims)
    scopes = claims.scopes(policy.scopeClaims)
  }
}
