import JOSE
import JSON
import Pipeline
import Telemetry
import Testing

struct ChallengeTests {
  private let challenge = Challenge(
    metadataURL: "https://h.example/.well-known/oauth-protected-resource/mcp", scope: ["mcp:tools", "openid"])

  private static let common =
    "scope=\"mcp:tools openid\", resource_metadata=\"https://h.example/.well-known/oauth-protected-resource/mcp\""

  @Test func withoutATokenThereIsNoError() {
    let rejection = challenge.unauthenticated
    #expect(rejection.reply.status == 401)
    #expect(rejection.reply.field("WWW-Authenticate") == "Bearer \(Self.common)")
    #expect(rejection.reply.field("Cache-Control") == "no-store")
    #expect(rejection.auth == .challenged)
    #expect(rejection.reason.description == "token_missing")
  }

  @Test func withoutScopesNoneAreAskedFor() {
    let reply = Challenge(metadataURL: "https://h/m", scope: []).unauthenticated.reply
    #expect(reply.field("WWW-Authenticate") == "Bearer resource_metadata=\"https://h/m\"")
  }

  /// 401 `invalid_token` for everything that is wrong with a token; 403 for what more consent can cure.
  @Test(arguments: TokenFault.allCases)
  func everyFault(_ fault: TokenFault) {
    let rejection = challenge.refusing(fault)
    let isScope = fault == .insufficientScope
    #expect(rejection.reply.status == (isScope ? 403 : 401))
    let error = isScope ? "insufficient_scope" : "invalid_token"
    #expect(
      rejection.reply.field("WWW-Authenticate")
        == "Bearer error=\"\(error)\", error_description=\"\(fault.explanation)\", \(Self.common)")
    #expect(rejection.auth == .refused)
    #expect(rejection.reason.description == fault.reason.description)
    #expect(!rejection.closesConnection)
  }

  @Test func oneExactLine() {
    #expect(
      challenge.refusing(.expired).reply.field("WWW-Authenticate")
        == "Bearer error=\"invalid_token\", error_description=\"The access token has expired\", "
        + "scope=\"mcp:tools openid\", "
        + "resource_metadata=\"https://h.example/.well-known/oauth-protected-resource/mcp\"")
  }

  @Test func aRequestThatCannotBeUnderstood() {
    let rejection = challenge.malformed("The bearer token is empty", reason: "empty_token")
    #expect(rejection.reply.status == 400)
    #expect(
      rejection.reply.field("WWW-Authenticate")
        == "Bearer error=\"invalid_request\", error_description=\"The bearer token is empty\", \(Self.common)")
    #expect(rejection.reason.description == "empty_token")
    #expect(rejection.auth == .refused)
  }

  /// The parameters as clients find them: quoted strings without escapes, nothing but visible ASCII and spaces.
  @Test(arguments: TokenFault.allCases)
  func noEscapesInQuotedStrings(_ fault: TokenFault) throws {
    let value = try #require(challenge.refusing(fault).reply.field("WWW-Authenticate"))
    #expect(value.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x5C })
    #expect(value.filter { $0 == "\"" }.count == 8)
  }

  // MARK: Proofs (RFC 9449 §7.1)

  private func challenge(proofsRequired: Bool) -> Challenge {
    Challenge(
      metadataURL: "https://h/m", scope: ["a"],
      proofs: Challenge.Proofs(algorithms: [.es256, .edDSA], isRequired: proofsRequired))
  }

  private func lines(_ rejection: Rejection) -> [String] {
    rejection.reply.fields.filter { "\($0.name)" == "WWW-Authenticate" }.map {
      String(decoding: $0.value, as: UTF8.self)
    }
  }

  private static let proofs = "algs=\"ES256 EdDSA\", scope=\"a\", resource_metadata=\"https://h/m\""
  private static let bearer = "scope=\"a\", resource_metadata=\"https://h/m\""

  @Test func proofsHaveALineOfTheirOwn() {
    let optional = challenge(proofsRequired: false)
    #expect(lines(optional.unauthenticated) == ["Bearer \(Self.bearer)", "DPoP \(Self.proofs)"])
    #expect(lines(challenge(proofsRequired: true).unauthenticated) == ["DPoP \(Self.proofs)"])
    let fault = "error=\"invalid_token\", error_description=\"\(TokenFault.expired.explanation)\", "
    #expect(lines(optional.refusing(.expired)) == ["Bearer \(fault)\(Self.bearer)", "DPoP \(Self.proofs)"])
    // The scheme that the client has used comes first.
    #expect(lines(optional.refusing(.expired, .dpop)) == ["DPoP \(fault)\(Self.proofs)", "Bearer \(Self.bearer)"])
    #expect(lines(challenge(proofsRequired: true).refusing(.expired)) == ["DPoP \(fault)\(Self.proofs)"])
  }

  @Test(arguments: ProofFault.allCases)
  func badProofs(_ fault: ProofFault) {
    let rejection = challenge(proofsRequired: false).refusing(fault, nonce: "n1")
    #expect(rejection.reply.status == 401)
    let error = "error=\"\(fault.error)\", error_description=\"\(fault.explanation)\", "
    #expect(lines(rejection) == ["DPoP \(error)\(Self.proofs)", "Bearer \(Self.bearer)"])
    #expect(rejection.reply.field("DPoP-Nonce") == "n1")
    #expect(rejection.reason.description == fault.reason.description)
    #expect(challenge(proofsRequired: false).refusing(fault, nonce: nil).reply.field("DPoP-Nonce") == nil)
  }

  @Test func bodiesAreJSON() throws {
    for rejection in [challenge.unauthenticated] + TokenFault.allCases.map({ challenge.refusing($0) }) {
      let body = try JSONValue.parse(rejection.reply.body)
      #expect(body["error"]?.stringValue?.isEmpty == false)
      #expect(body["error_description"]?.stringValue?.isEmpty == false)
    }
  }
}
