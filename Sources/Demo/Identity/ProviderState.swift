internal import Bytes
internal import JOSE

/// Everything the provider remembers: in memory, bounded, forgotten with the process.
final class ProviderState {
  let issuer: String
  let users: [DemoUser]
  let resources: ResourcePolicy
  let tokens: TokenIssuer

  var clients = BoundedStore<RegisteredClient>(capacity: 1000)
  var sessions = BoundedStore<DemoUser>(capacity: 1000)
  var transactions = BoundedStore<AuthorizationTransaction>(capacity: 1000)
  var grants = BoundedStore<Grant>(capacity: 1000)
  var codes = BoundedStore<AuthorizationCode>(capacity: 1000)
  var refreshTokens = BoundedStore<RefreshToken>(capacity: 4000)
  /// By the digest of the token.
  var accessTokens = BoundedStore<AccessRecord>(capacity: 4000)

  init(issuer: String, users: [DemoUser], resources: ResourcePolicy, tokens: TokenIssuer) {
    self.issuer = issuer
    self.users = users
    self.resources = resources
    self.tokens = tokens
  }

  /// A value of 256 bits that nobody can guess.
  static func secret() throws(CryptoFailure) -> String {
    Base64URL.encode(try SecureRandom.bytes(32))
  }

  /// The key under which an access token is remembered.
  static func digest(_ token: String) -> String {
    Base64URL.encode(Digest.sha256(Array(token.utf8)))
  }
}
