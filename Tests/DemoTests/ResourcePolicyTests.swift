@testable import Demo
import Testing
import Web

@Suite struct ResourcePolicyTests {
  private let policy = ResourcePolicy(
    standard: "http://127.0.0.1:8080/mcp", others: ["https://mcp.example.com"])

  private func audience(_ resources: [String]) throws -> String? {
    let parameters = try #require(
      FormParameters(resources.map { "resource=\($0)" }.joined(separator: "&").utf8))
    return try policy.audience(parameters)
  }

  @Test(arguments: [
    ("http://127.0.0.1:8080/mcp", "http://127.0.0.1:8080/mcp"),
    ("http://127.0.0.1:8080/mcp/", "http://127.0.0.1:8080/mcp"),
    ("http://127.0.0.1:8080/mcp/tools", "http://127.0.0.1:8080/mcp/tools"),
    ("https://mcp.example.com", "https://mcp.example.com"),
    ("https://mcp.example.com/a/b-1.2_3~4", "https://mcp.example.com/a/b-1.2_3~4"),
  ])
  func allows(resource: String, expected: String) throws {
    #expect(try audience([resource]) == expected)
  }

  @Test(arguments: [
    "http://127.0.0.1:8080", "http://127.0.0.1:8080/mcpx", "http://127.0.0.1:8080/mcp?x",
    "http://127.0.0.1:8080/mcp/../x",
    "http://127.0.0.1:8080/mcp/./x", "http://127.0.0.1:8080/mcp//x", "http://127.0.0.1:8080/mcp/%252e", "x",
    "https://mcp.example.com.evil.example", "https://mcp.example.com:444", "HTTPS://mcp.example.com",
  ])
  func refuses(resource: String) {
    let error = #expect(throws: OAuthError.self) { try audience([resource]) }
    #expect(error?.code == "invalid_target")
  }

  @Test func oneTokenIsForOneResource() throws {
    #expect(try audience([]) == nil)
    #expect(throws: OAuthError.self) {
      try audience(["https://mcp.example.com", "https://mcp.example.com/x"])
    }
  }
}
