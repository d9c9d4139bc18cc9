import Bytes
import Foundation
import JOSE
import JSON
import JWTKit
import Testing

/// Our judgement beside that of JWTKit, which shares neither code nor cryptography with us.
struct JudgementTests {
  /// For each algorithm and kind of disorder.
  private static let rounds = 25

  private static let seed = ProcessInfo.processInfo.environment["ORACLE_SEED"].flatMap { UInt64($0) } ?? 4

  /// In one word, as in our log.
  static func ours(_ token: String, _ keys: KeySet) -> String {
    var token = token
    let judgement = token.withUTF8 { text -> Judgement in
      do throws(TokenFault) {
        let presented = try PresentedToken(ByteView(text))
        return TokenVerifier(policy: OracleClaims.policy).judge(presented, keys: keys, now: OracleClaims.now)
      } catch {
        return .refused(error)
      }
    }
    return switch judgement {
    case .verified: "verified"
    case .keyNeeded: "key needed"
    case .badSignature: "bad signature"
    case .refused(let fault): "\(fault.reason)"
    }
  }

  static func theirs(_ token: String, _ keys: JWTKeyCollection) async -> Bool {
    (try? await keys.verify(token, as: OracleClaims.self)) != nil
  }

  /// Thousands of tokens: whatever we accept they accept; what we alone refuse is a rule of ours, named.
  @Test func tokensAreJudgedAlike() async throws {
    let keys = try await OracleKeys()
    var specimens = Specimens(keys: keys, random: SeededGenerator(seed: Self.seed))
    var accepted = 0
    var refused = 0
    var stricter = 0
    var reasons = [String: Int]()
    for kind in Specimens.kinds {
      for index in keys.ours.indices {
        for _ in 0..<Self.rounds {
          let specimen = try specimens.make(kind, index)
          let outcome = Self.ours(specimen.token, keys.published)
          let isAccepted = await Self.theirs(specimen.token, keys.judges)
          reasons[outcome, default: 0] += 1
          switch (outcome == "verified", isAccepted) {
          case (true, true): accepted += 1
          case (false, false): refused += 1
          case (false, true):
            stricter += 1
            #expect(
              specimen.stricter.contains(outcome),
              "seed \(Self.seed): \(specimen.kind), \(specimen.algorithm): we alone refuse: \(outcome): \(specimen.token)"
            )
          case (true, false):
            Issue.record(
              "seed \(Self.seed): \(specimen.kind), \(specimen.algorithm): we alone accept: \(specimen.token)")
          }
        }
      }
    }
    let total = accepted + refused + stricter
    let list = reasons.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    print(
      "oracle: seed \(Self.seed), \(total) tokens: both accept \(accepted), both refuse \(refused), "
        + "we alone refuse \(stricter) (\(list))")
    #expect(total == Specimens.kinds.count * keys.ours.count * Self.rounds)
    #expect(accepted > total / 12)
    #expect(refused > total / 4)
  }

  /// What they sign with the same key is good here, and what we sign is good there.
  @Test func eachAcceptsWhatTheOtherSigns() async throws {
    let keys = try await OracleKeys()
    let claims = OracleClaims(
      iss: .init(value: OracleClaims.issuer), aud: .init(value: OracleClaims.audience),
      exp: .init(value: Date(timeIntervalSince1970: Double(OracleClaims.now + 60))))
    for key in keys.ours {
      let kid = try #require(key.kid)
      let token = try await keys.signers.sign(claims, kid: JWKIdentifier(string: kid))
      #expect(Self.ours(token, keys.published) == "verified", "\(key.algorithm)")
      #expect(await Self.theirs(token, keys.judges), "\(key.algorithm)")
    }
  }

  /// A token without a key ID, a set of one key.
  @Test func tokensWithoutAKeyID() async throws {
    for (algorithm, _) in OracleKeys.types {
      let key = try SigningKey.generate(algorithm, kid: nil)
      var jwk = try #require(key.publicJWK.objectValue)
      let ours = try KeySet(jwks: ["keys": [.object(jwk)]])
      // JWTKit wants every key to have an ID.
      jwk["kid"] = "only"
      let theirs = JWTKeyCollection()
      try await theirs.add(jwk: JSONDecoder().decode(JWTKit.JWK.self, from: Data(JSONValue.object(jwk).serialized())))
      for signer in [key, try SigningKey.generate(algorithm, kid: nil)] {
        let token = try signer.sign(
          [
            "iss": .string(OracleClaims.issuer), "aud": .string(OracleClaims.audience),
            "exp": .integer(OracleClaims.now + 60),
          ], type: "JWT")
        let isGenuine = signer === key
        #expect(Self.ours(token, ours) == (isGenuine ? "verified" : "bad signature"), "\(algorithm)")
        #expect(await Self.theirs(token, theirs) == isGenuine, "\(algorithm)")
      }
    }
  }
}
