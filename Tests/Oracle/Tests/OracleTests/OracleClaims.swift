import Foundation
import JOSE
import JWTKit

/// What both implementations ask of a token: issuer, audience, `exp` and `nbf`, at one moment and without skew.
struct OracleClaims: JWTPayload {
  static let now: Int64 = 1_700_000_000
  static let issuer = "https://idp.example"
  static let audience = "https://gateway.example/mcp"

  static let policy = TokenPolicy(issuer: issuer, audiences: [audience], clockSkew: 0)

  var iss: IssuerClaim
  var aud: AudienceClaim
  var exp: ExpirationClaim
  var nbf: NotBeforeClaim?
  var sub: SubjectClaim?

  func verify(using algorithm: some JWTAlgorithm) throws {
    let now = Date(timeIntervalSince1970: Double(Self.now))
    try exp.verifyNotExpired(currentDate: now)
    try nbf?.verifyNotBefore(currentDate: now)
    try aud.verifyIntendedAudience(includes: Self.audience)
    guard iss.value == Self.issuer else {
      throw JWTError.claimVerificationFailure(failedClaim: iss, reason: "another issuer")
    }
  }
}
