import Configuration
import JOSE
import Pipeline

import Testing

@testable import Gateway

/// What several providers of one route make together.
struct TokenChecksTests {
  private func providers(_ entries: String...) throws -> [AuthorizationConfiguration] {
    let list = entries.enumerated().map { index, entry in
      "      - issuer: https://idp-\(index).example\n        allowed_audience: [a]\n"
        + entry.split(separator: "\n").map { "        \($0)\n" }.joined()
    }
    let text = """
      public_url: https://mcp.example.com
      routes:
        - path: /mcp
          upstream: {url: "http://127.0.0.1:8000/mcp"}
          authorization:
      \(list.joined())
      """
    let loader = ConfigurationLoader(
      environment: { _ in nil }, readFile: { _ throws(TextFileError) in throw TextFileError(reason: "none") })
    let result = loader.load(text: text, file: "test.yaml")
    guard case .token(let providers)? = result.configuration?.routes.first?.authorization else {
      throw Refused(findings: result.diagnostics.map(\.rendered))
    }
    return providers
  }

  private struct Refused: Error { let findings: [String] }

  @Test func scopesOfAllAreAskedForOnce() throws {
    let providers = try providers(
      "allowed_scopes: [a, b]\nadvertised_scope_mapping: {b: \"api://x/b\"}", "", "allowed_scopes: [c, a]")
    #expect(TokenChecks.scopes(providers) == ["a", "api://x/b", "c"])
  }

  @Test func proofsAreRequiredWhenAllRequireThem() throws {
    #expect(TokenChecks.proofs(try providers("", "")) == nil)
    let optional = TokenChecks.proofs(try providers("dpop: {mode: required, algorithms: [EdDSA]}", ""))
    #expect(optional?.isRequired == false)
    #expect(optional?.algorithms == [.edDSA])
    let required = TokenChecks.proofs(
      try providers("dpop: {mode: required, algorithms: [EdDSA]}", "dpop: {mode: required, algorithms: [ES256]}"))
    #expect(required?.isRequired == true)
    #expect(required?.algorithms == [.es256, .edDSA])
  }
}
