import Bytes
import HTTP
import JOSE
import JSON
import Net
import Pipeline
import Telemetry
import Testing

@testable import Stages

/// Tokens that are bound to a certificate (RFC 8705 §3).
struct CertificateBindingTests {
  private static let own = [UInt8](repeating: 1, count: 32)
  private static let other = [UInt8](repeating: 2, count: 32)
  private let challenge = Challenge(metadataURL: "https://gw.example/m", scope: [])

  private func decide(
    _ possession: ProofOfPossession, bound: [UInt8]?, shown: [UInt8]?, subject: String = "CN=agent-7,O=Example"
  ) throws -> String {
    let changes = bound.map { [("cnf", JSONValue.object(["x5t#S256": .string(Base64URL.encode($0))]))] } ?? []
    let exchange = Exchange()
    exchange.clientCertificate = shown.map { ClientCertificate(subject: [UInt8](subject.utf8), thumbprint: $0) }
    let credentials = AccessTokenCredentials.Presented(token: ByteView(start: nil, count: 0), scheme: .bearer)
    let objection = possession.objection(to: try TestIssuer().verified(changes), credentials, exchange, challenge)
    return objection.map { "\($0.reply.status) \($0.reason)" } ?? "fine"
  }

  @Test(
    arguments: [
      (own, own, "fine"), (own, other, "401 not_bound_to_certificate"), (own, nil, "401 not_bound_to_certificate"),
      (nil, own, "401 not_bound_to_certificate"), (nil, nil, "401 not_bound_to_certificate"),
    ] as [([UInt8]?, [UInt8]?, String)])
  func tokens(_ bound: [UInt8]?, _ shown: [UInt8]?, _ outcome: String) throws {
    #expect(try decide(ProofOfPossession(bindsTokens: true), bound: bound, shown: shown) == outcome)
    // A route that does not ask for it takes tokens that are not bound; bound ones are good with their certificate only.
    #expect(try decide(ProofOfPossession(), bound: bound, shown: shown) == (bound == nil ? "fine" : outcome))
  }

  /// Byte by byte: a subject is text of the issuing authority, not a name with rules of its own.
  @Test(arguments: [
    ("CN=agent-7,O=Example", "fine"), ("CN=agent-8,O=Example", "fine"),
    ("cn=agent-7,O=Example", "403 certificate_not_allowed"), ("CN=agent-7", "403 certificate_not_allowed"),
    ("CN=agent-7,O=Example,C=DE", "403 certificate_not_allowed"),
  ])
  func subjects(_ subject: String, _ outcome: String) throws {
    let possession = ProofOfPossession(subjects: ["CN=agent-7,O=Example", "CN=agent-8,O=Example"])
    #expect(try decide(possession, bound: nil, shown: Self.own, subject: subject) == outcome)
    #expect(try decide(possession, bound: nil, shown: nil) == "403 certificate_not_allowed")
    let both = ProofOfPossession(bindsTokens: true, subjects: ["CN=agent-7,O=Example"])
    #expect(try decide(both, bound: Self.own, shown: Self.other) == "401 not_bound_to_certificate")
    #expect(try decide(both, bound: Self.own, shown: Self.own, subject: "CN=x") == "403 certificate_not_allowed")
  }
}

/// Tokens that come with proofs (RFC 9449 §7).
struct DPoPTests {
  private let issuer: TestIssuer
  private let key: SigningKey
  private let thumbprint: [UInt8]
  private let token: String

  init() throws {
    issuer = try TestIssuer()
    key = try SigningKey.generate(.es256, kid: "client")
    thumbprint = try #require(try KeySet(jwks: ["keys": [key.publicJWK]]).keys.first).thumbprint
    token = "an.access.token"
  }

  private func possession(isRequired: Bool = false, nonces: ProofNonces? = nil) -> ProofOfPossession {
    let settings = DPoPCheck.Settings(
      isRequired: isRequired, algorithms: [.es256], maxAge: 60, clockSkew: 10, publicOrigin: "https://gw.example")
    return ProofOfPossession(dpop: DPoPCheck(settings, nonces: nonces))
  }

  private func proof(jti: String = "1", nonce: String? = nil, path: String = "/mcp") throws -> String {
    var claims: JSONObject = [
      "jti": .string(jti), "htm": "POST", "htu": .string("https://gw.example\(path)"), "iat": .integer(Loop.unixTime),
      "ath": .string(Base64URL.encode(Digest.sha256(Array(token.utf8)))),
    ]
    if let nonce { claims["nonce"] = .string(nonce) }
    return try key.sign(.object(claims), type: "dpop+jwt", header: ["jwk": key.publicJWK])
  }

  private func decide(
    _ possession: ProofOfPossession, bound: [UInt8]?, _ scheme: AccessTokenScheme = .dpop, proofs: [String]
  ) throws -> Rejection? {
    let changes = bound.map { [("cnf", JSONValue.object(["jkt": .string(Base64URL.encode($0))]))] } ?? []
    let exchange = Exchange.request(query: "a=b", fields: proofs.map { ("DPoP", $0) })
    let verified = try issuer.verified(changes)
    let challenge = Challenge(
      metadataURL: "https://gw.example/m", scope: ["mcp:tools"],
      proofs: Challenge.Proofs(algorithms: [.es256], isRequired: false))
    return token.lend {
      possession.objection(
        to: verified, AccessTokenCredentials.Presented(token: $0, scheme: scheme), exchange, challenge)
    }
  }

  private func words(_ objection: Rejection?) -> String {
    objection.map { "\($0.reply.status) \($0.reason)" } ?? "fine"
  }

  @Test func aBoundTokenPassesWithItsProof() throws {
    let possession = possession()
    #expect(words(try decide(possession, bound: thumbprint, proofs: [try proof()])) == "fine")
    #expect(words(try decide(possession, bound: thumbprint, proofs: [try proof()])) == "401 proof_replayed")
    #expect(words(try decide(possession, bound: thumbprint, proofs: [try proof(jti: "2")])) == "fine")
  }

  @Test func whatIsRefused() throws {
    let possession = possession()
    let bound = thumbprint
    #expect(words(try decide(possession, bound: bound, .bearer, proofs: [try proof()])) == "401 proof_required")
    #expect(words(try decide(possession, bound: bound, proofs: [])) == "401 proof_missing")
    #expect(
      words(try decide(possession, bound: bound, proofs: [try proof(), try proof(jti: "2")])) == "401 proof_repeated")
    #expect(words(try decide(possession, bound: bound, proofs: ["nonsense"])) == "401 proof_malformed")
    #expect(
      words(try decide(possession, bound: bound, proofs: [try proof(path: "/other")])) == "401 proof_wrong_target")
    #expect(words(try decide(possession, bound: nil, proofs: [try proof()])) == "401 not_bound_to_key")
    let other = [UInt8](repeating: 1, count: 32)
    #expect(words(try decide(possession, bound: other, proofs: [try proof(jti: "2")])) == "401 not_bound_to_key")
  }

  @Test func plainTokensPassWhereProofsAreOptional() throws {
    #expect(words(try decide(possession(), bound: nil, .bearer, proofs: [])) == "fine")
    #expect(words(try decide(possession(isRequired: true), bound: nil, .bearer, proofs: [])) == "401 proof_required")
  }

  /// RFC 9449 §9: the answer carries the nonce, the next proof repeats it.
  @Test func nonces() throws {
    let possession = possession(nonces: try ProofNonces())
    let objection = try decide(possession, bound: thumbprint, proofs: [try proof()])
    #expect(words(objection) == "401 proof_nonce_needed")
    let nonce = try #require(objection?.reply.field("DPoP-Nonce"))
    #expect(words(try decide(possession, bound: thumbprint, proofs: [try proof(nonce: nonce)])) == "fine")
    let wrong = try proof(jti: "2", nonce: "wrong")
    #expect(words(try decide(possession, bound: thumbprint, proofs: [wrong])) == "401 proof_nonce_needed")
  }
}
