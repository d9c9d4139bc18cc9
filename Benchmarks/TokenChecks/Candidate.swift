internal import JOSE
internal import JSON

/// The three ways of dealing with the tokens of one algorithm that are compared.
final class Candidate {
  enum Way: String, CaseIterable {
    /// OpenSSL alone, see ``BareVerification``.
    case bare
    /// The gateway meets every token for the first time: it is remembered in the place of another.
    case uncached
    /// The gateway knows every token.
    case cached
  }

  let algorithm: JWSAlgorithm
  private let sample: TokenSample
  private let bare: BareVerification
  private let forgetful: GatewayCheck
  private let knowing: GatewayCheck

  init(_ algorithm: JWSAlgorithm) throws {
    self.algorithm = algorithm
    // A provider changes its keys now and then: the set has the one before, too.
    let keys = [try BenchmarkKey(algorithm), try BenchmarkKey(algorithm)]
    sample = try TokenSample(algorithm, keys[1])
    bare = try BareVerification(algorithm, keys[1])
    var former = keys[0].signer.publicJWK.objectValue ?? [:]
    former["kid"] = "former-signing-key"
    let set = try KeySet(jwks: ["keys": [.object(former), keys[1].signer.publicJWK]])
    forgetful = GatewayCheck(set, bytes: sample.tokens[0].bytes.count * TokenSample.count)
    knowing = GatewayCheck(set)
    for way in Way.allCases { try run(way, rounds: 1) }
  }

  /// Bytes of a token.
  var length: Int { sample.tokens[0].bytes.count }

  /// Microseconds of CPU for each token, all of them checked `rounds` times.
  @discardableResult
  func run(_ way: Way, rounds: Int) throws(BenchmarkFailure) -> Double {
    let begin = ProcessorTime.now
    for _ in 0..<rounds {
      for token in sample.tokens where !accepts(token, way) {
        throw BenchmarkFailure("a good token of \(algorithm.rawValue) was refused (\(way.rawValue))")
      }
    }
    let used = ProcessorTime.now - begin
    // The first round of the one that knows them all is the one in which it learns them.
    guard forgetful.cache.hits == 0, knowing.cache.misses <= UInt64(TokenSample.count) else {
      throw BenchmarkFailure("the cache has not done what is measured")
    }
    return used / Double(rounds * sample.tokens.count)
  }

  private func accepts(_ token: TokenSample.Token, _ way: Way) -> Bool {
    switch way {
    case .bare: bare.accepts(token.signature, over: token.message)
    case .uncached: token.bytes.withUnsafeBytes { forgetful.accepts($0) }
    case .cached: token.bytes.withUnsafeBytes { knowing.accepts($0) }
    }
  }
}
