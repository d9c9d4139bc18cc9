import HTTP
import Pipeline
import Stages
import Testing

struct HostPolicyTests {
  private let policy = HostPolicy(allowed: ["gw.example", "localhost:8080", "[::1]:8080"])

  @Test(arguments: [
    ("gw.example", true), ("GW.Example", true), ("localhost:8080", true), ("[::1]:8080", true),
    ("gw.example:443", false),
    ("localhost", false), ("localhost:8081", false), ("evil.example", false), ("gw.example.evil.example", false),
    ("xgw.example", false), ("gw.exampl", false), ("", false), ("gw_example", false),
  ])
  func whatIsServed(_ authority: String, _ isServed: Bool) {
    #expect(
      policy.handle(.request(authority: authority)).words == (isServed ? "proceed" : "reject 421 misdirected_request"))
  }

  /// HTTP/1.0.
  @Test func withoutAnyHost() { #expect(policy.handle(.request(authority: nil)).words == "proceed") }
}
