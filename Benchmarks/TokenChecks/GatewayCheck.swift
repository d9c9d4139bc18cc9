internal import Bytes
internal import JOSE
internal import Stages

/// What `TokenCheck` does with the token of a request, from the digest to the remembered verdict.
final class GatewayCheck {
  private let verifier = TokenVerifier(policy: TokenSample.policy)
  private let hasher = TokenHasher()
  private let headers = HeaderMemory()
  private let refused = RefusedTokens()
  private let budget = TokenFailureBudget(limit: 120)
  private let client = [UInt8]("192.0.2.7".utf8)
  private let keys: KeySet
  let cache: TokenCache

  /// - Parameter bytes: that remembered tokens may take.
  init(_ keys: KeySet, bytes: Int = TokenCache.defaultBytes) {
    self.keys = keys
    cache = TokenCache(capacity: 16_384, byteLimit: bytes)
  }

  func accepts(_ token: ByteView) -> Bool {
    let now = TokenSample.now
    let digest = hasher.digest(of: token)
    if let digest, cache.find(digest, now: now) != nil { return true }
    if let digest, refused.find(digest, now: now) != nil { return false }
    guard budget.wait(for: client, now: now) == nil, let presented = try? PresentedToken(token, headers),
      presented.isIssued(for: verifier),
      case .verified(let verified) = verifier.judge(presented, keys: keys, now: now)
    else { return false }
    if let digest { cache.insert(digest, length: token.count, verified) }
    return true
  }
}
