import JOSE
import Testing

struct JWSAlgorithmTests {
  @Test func thereAreTenAndAllAreAsymmetric() {
    #expect(
      JWSAlgorithm.allCases.map(\.rawValue) == [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
      ])
    for algorithm in JWSAlgorithm.allCases { #expect(JWSAlgorithm(name: algorithm.rawValue) == algorithm) }
  }

  @Test(arguments: [
    "", "none", "None", "HS256", "HS384", "HS512", "es256", "ES256K", "ES256 ", " ES256", "ES256\u{0}", "RS1",
    "RSA-OAEP",
    "EDDSA", "Ed25519", "A128KW", "dir", "ＥＳ256",
  ])
  func knowsNoOtherName(_ name: String) {
    #expect(JWSAlgorithm(name: name) == nil)
  }
}
