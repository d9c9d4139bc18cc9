import JSON
import Testing

@testable import Bridge

struct ProviderOutcomeTests {
  private func token(_ status: Int, _ body: String) -> String {
    switch ProviderResponse(status: status, Array(body.utf8), from: .token) {
    case .answer(.success(let members)): "success \(members.count)"
    case .answer(.refused(let error)): error.detail
    case .answer(let other): "\(other)"
    case .failed(let reason): "failed: \(reason)"
    }
  }

  private static let rows: [(Int, String, String)] = [
    (200, #"{"access_token":"a"}"#, "success 1"), (200, #"{"access_token":"a","error":"x"}"#, "success 2"),
    (201, #"{"access_token":"a"}"#, "success 1"),
    (200, #"{"access_token":""}"#, "failed: the answer has no access_token"),
    (200, #"{"access_token":7}"#, "failed: the answer has no access_token"),
    (200, "{}", "failed: the answer has no access_token"), (200, "[]", "failed: the answer is not a JSON object"),
    (200, "access_token=a", "failed: the answer is not a JSON object"),
    (200, "", "failed: the answer is not a JSON object"),
    (200, #"{"access_token":"a","access_token":"b"}"#, "failed: the answer is not a JSON object"),
    // Some refuse with 200.
    (200, #"{"error":"bad_verification_code"}"#, "the provider says bad_verification_code"),
    (400, #"{"error":"invalid_grant","error_description":"secret"}"#, "the provider says invalid_grant"),
    (401, #"{"error":"invalid_client"}"#, "the provider says invalid_client"),
    (403, #"{"error":"access_denied"}"#, "the provider says access_denied"),
    (404, #"{"error":"invalid_client"}"#, "the provider says invalid_client"),
    (
      400, #"{"error":"invalid_client","error_codes":[7000215,"x",1]}"#,
      "the provider says invalid_client, error_codes 7000215 1"
    ),
    (400, #"{"error":"temporarily_unavailable"}"#, "failed: it answered with temporarily_unavailable"),
    (400, #"{"error":"server_error"}"#, "failed: it answered with server_error"),
    (429, #"{"error":"slow_down"}"#, "failed: it answered with status 429"),
    (408, "", "failed: it answered with status 408"), (400, "", "failed: it answered with status 400"),
    (400, "<html>", "failed: it answered with status 400"),
    (400, #"{"error":{"message":"no"}}"#, "failed: it answered with status 400"),
    (400, #"{"error":""}"#, "failed: it answered with status 400"),
    (400, #"{"error":"a\nb"}"#, "failed: it answered with status 400"),
    (400, #"{"error":"a\"b"}"#, "failed: it answered with status 400"),
    (403, "<html>", "failed: it answered with status 403"),
    (404, "", "failed: it answered with status 404: check token_endpoint"),
    (405, "", "failed: it answered with status 405: check token_endpoint"),
    (302, "", "failed: it answered with status 302"),
    (500, #"{"error":"invalid_grant"}"#, "failed: it answered with status 500"),
    (503, "", "failed: it answered with status 503"),
  ]

  @Test(arguments: rows)
  func ofTheTokenEndpoint(_ status: Int, _ body: String, _ expected: String) {
    #expect(token(status, body) == expected)
  }

  @Test func codesThatAreTooLong() {
    let longest = String(repeating: "e", count: 64)
    #expect(token(400, "{\"error\":\"\(longest)\"}") == "the provider says \(longest)")
    #expect(token(400, "{\"error\":\"\(longest)e\"}") == "failed: it answered with status 400")
  }

  /// RFC 7009 §2.2: what it says besides the status does not matter.
  @Test(arguments: ["", "{}", "OK", #"{"error":"x"}"#])
  func ofTheRevocationEndpoint(_ body: String) {
    #expect(ProviderResponse(status: 200, Array(body.utf8), from: .revocation) == .answer(.success([:])))
  }

  @Test func refusalsOfTheRevocationEndpoint() {
    let body = Array(#"{"error":"unsupported_token_type"}"#.utf8)
    #expect(
      ProviderResponse(status: 400, body, from: .revocation)
        == .answer(.refused(ProviderError("unsupported_token_type"))))
    #expect(
      ProviderResponse(status: 404, [], from: .revocation)
        == .failed("it answered with status 404: check revocation_endpoint"))
  }
}
