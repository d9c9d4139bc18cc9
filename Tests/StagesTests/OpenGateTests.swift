import Pipeline
import Stages
import Testing

struct OpenGateTests {
  private func words(_ verdict: GateVerdict) -> String {
    switch verdict {
    case .admit(let admission): admission.token == nil ? "admitted anonymously" : "admitted"
    case .reject(let rejection): "reject \(rejection.reply.status) \(rejection.reason)"
    case .suspended: "suspended"
    }
  }

  @Test(arguments: [
    (String?.none, "admitted anonymously"), ("a=b", "admitted anonymously"),
    ("access_token=x", "reject 400 token_in_query"),
  ])
  func letsInWhoeverComesWithoutATokenInTheQuery(_ query: String?, _ expected: String) {
    let gate = OpenGate(.asConfigured())
    #expect(words(gate.admit(.request(query: query, fields: [("Authorization", "Bearer ignored")]))) == expected)
  }
}
