import Bytes
import JOSE
import JSON
import Testing

/// The checks of RFC 9449 §4.3, one broken at a time.
struct DPoPProofTests {
  static let now: Int64 = 1_700_000_000
  static let token = "the.access.token"
  static let ath = Base64URL.encode(Digest.sha256(Array(token.utf8)))

  static let claims: JSONObject = [
    "jti": "proof-1", "htm": "POST", "htu": "https://gw.example/mcp", "iat": .integer(now), "ath": .string(ath),
  ]

  static func proof(
    _ changes: [(String, JSONValue?)] = [], header: JSONObject = [:], type: String = "dpop+jwt",
    _ algorithm: JWSAlgorithm = .es256
  ) throws -> String {
    let key = try TestKeys.key(algorithm)
    var claims = claims
    for (name, value) in changes { claims[name] = value }
    var members: JSONObject = ["jwk": key.publicJWK]
    for member in header.members { members[member.name] = member.value }
    return try key.sign(.object(claims), type: type, header: members)
  }

  static func check(
    _ proof: String, now: Int64 = now, algorithms: [JWSAlgorithm] = JWSAlgorithm.allCases
  ) throws(ProofFault) -> DPoPProof {
    let proof = [UInt8](proof.utf8)
    let token = [UInt8](token.utf8)
    return try proof.withUnsafeBytes { proof in
      token.withUnsafeBytes { token in
        Result { () throws(ProofFault) in
          try DPoPProof(
            proof,
            DPoPProof.Expectation(
              method: "POST", target: "https://gw.example/mcp", token: token, algorithms: algorithms, maxAge: 60,
              clockSkew: 10, now: now))
        }
      }
    }.get()
  }

  private func outcome(_ proof: String, now: Int64 = now, algorithms: [JWSAlgorithm] = JWSAlgorithm.allCases) -> String
  {
    do throws(ProofFault) {
      _ = try Self.check(proof, now: now, algorithms: algorithms)
      return "good"
    } catch {
      return "\(error.reason)"
    }
  }

  @Test(arguments: JWSAlgorithm.allCases)
  func aGoodProof(_ algorithm: JWSAlgorithm) throws {
    let proof = try Self.check(try Self.proof([], algorithm))
    #expect(proof.keyThumbprint.count == 32)
    #expect(proof.nonce == nil)
    #expect(outcome(try Self.proof([], algorithm), algorithms: []) == "proof_unsupported_algorithm")
  }

  private static let rows: [([(String, JSONValue?)], String)] = [
    ([("jti", nil)], "proof_malformed"), ([("jti", "")], "proof_malformed"), ([("jti", 1)], "proof_malformed"),
    ([("htm", nil)], "proof_malformed"), ([("htm", "GET")], "proof_wrong_method"),
    ([("htm", "post")], "proof_wrong_method"),
    ([("htu", nil)], "proof_malformed"), ([("htu", "https://gw.example/other")], "proof_wrong_target"),
    ([("htu", "https://evil.example/mcp")], "proof_wrong_target"), ([("htu", "/mcp")], "proof_wrong_target"),
    ([("htu", "http://gw.example/mcp")], "proof_wrong_target"),
    ([("htu", "HTTPS://GW.example:443/mcp?query#fragment")], "good"),
    ([("iat", nil)], "proof_malformed"), ([("iat", "now")], "proof_malformed"),
    ([("iat", .integer(now - 69))], "good"), ([("iat", .integer(now - 70))], "proof_stale"),
    ([("iat", .integer(now + 10))], "good"), ([("iat", .integer(now + 11))], "proof_stale"),
    ([("iat", .integer(.max))], "proof_stale"), ([("iat", .integer(.min))], "proof_stale"),
    ([("ath", nil)], "proof_malformed"), ([("ath", "AAAA")], "proof_wrong_token"),
    ([("ath", .string(ath + "="))], "proof_wrong_token"), ([("nonce", 1)], "good"), ([("more", "claims")], "good"),
  ]

  @Test(arguments: rows)
  func claims(_ changes: [(String, JSONValue?)], _ expected: String) throws {
    #expect(outcome(try Self.proof(changes)) == expected)
  }

  @Test(arguments: ["JWT", "at+jwt", "", "dpop"])
  func theTypeIsDemanded(_ type: String) throws { #expect(outcome(try Self.proof(type: type)) == "proof_malformed") }

  @Test func theKeyInside() throws {
    let other = try SigningKey.generate(.es256, kid: "other")
    #expect(outcome(try Self.proof(header: ["jwk": other.publicJWK])) == "proof_bad_signature")
    #expect(outcome(try Self.proof(header: ["jwk": "key"])) == "proof_bad_key")
    #expect(outcome(try Self.proof(header: ["jwk": ["kty": "oct", "k": "AAAA"]])) == "proof_bad_key")
    #expect(outcome(try Self.proof(header: ["jwk": TestKeys.key(.rs256).publicJWK])) == "proof_bad_key")
    // Whoever sends a private key has given it away.
    var jwk = try #require(try TestKeys.key(.es256).publicJWK.objectValue)
    jwk["d"] = "AAAA"
    #expect(outcome(try Self.proof(header: ["jwk": .object(jwk)])) == "proof_bad_key")
  }

  @Test(arguments: ["", "proof", "a.b.c", String(repeating: "x", count: 5_000)])
  func whatIsNoProof(_ text: String) { #expect(outcome(text) == "proof_malformed") }

  @Test func extensionsAreRefused() throws {
    #expect(outcome(try Self.proof(header: ["crit": ["x"], "x": 1])) == "proof_malformed")
    #expect(outcome(try Self.proof(header: ["alg": "none"])) == "proof_malformed")
  }

  @Test func twoProofsAreToldApart() throws {
    let first = try Self.check(try Self.proof())
    #expect(try Self.check(try Self.proof([("nonce", "n")])).fingerprint == first.fingerprint)
    #expect(try Self.check(try Self.proof([("nonce", "n")])).nonce == "n")
    #expect(try Self.check(try Self.proof([("jti", "proof-2")])).fingerprint != first.fingerprint)
    #expect(try Self.check(try Self.proof([], .edDSA)).fingerprint != first.fingerprint)
  }
}

struct ProofFaultTests {
  @Test(arguments: ProofFault.allCases)
  func explanationsAreFitForAChallenge(_ fault: ProofFault) {
    let text = "\(fault.explanation)"
    #expect(text.utf8.allSatisfy { $0 == 0x20 || $0 == 0x21 || 0x23...0x5B ~= $0 || 0x5D...0x7E ~= $0 })
    #expect("\(fault.reason)".hasPrefix("proof_"))
    #expect("\(fault.error)" == (fault == .nonceNeeded ? "use_dpop_nonce" : "invalid_dpop_proof"))
  }
}
