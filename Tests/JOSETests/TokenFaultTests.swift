import JOSE
import Testing

struct TokenFaultTests {
  @Test(arguments: TokenFault.allCases)
  func explanationsAreFitForAChallenge(_ fault: TokenFault) {
    let text = "\(fault.explanation)"
    #expect(text.utf8.allSatisfy { $0 == 0x20 || $0 == 0x21 || 0x23...0x5B ~= $0 || 0x5D...0x7E ~= $0 })
    for parameter in ["scope=", "error=", "resource_metadata="] { #expect(!text.contains(parameter)) }
    #expect(!text.isEmpty)
  }

  @Test func reasonsAreDistinctSnakeCase() {
    let reasons = TokenFault.allCases.map { "\($0.reason)" }
    #expect(Set(reasons).count == reasons.count)
    #expect(reasons.allSatisfy { $0.utf8.allSatisfy { $0 == 0x5F || 0x61...0x7A ~= $0 } })
  }

  @Test func onlyScopeIsAScopeFault() {
    #expect(TokenFault.allCases.filter(\.isInsufficientScope) == [.insufficientScope])
  }
}
