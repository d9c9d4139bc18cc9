import Bytes
package import JSON
import Outbound

/// What comes of a request to the provider.
package enum ProviderOutcome: Equatable {
  /// Of the token endpoint: an object with an access token, not looked at otherwise. Of the revocation endpoint: empty.
  case success(JSONObject)
  case refused(ProviderError)
  /// The provider cannot be reached, or says nothing that can be used. The reason is for the log.
  case unavailable(retryAfter: Int, reason: String)
  /// It has no such endpoint.
  case noEndpoint
}

/// An error of the provider's (RFC 6749 §5.2).
package struct ProviderError: Equatable, Sendable {
  /// At most 64 printable characters.
  package let code: String
  /// Microsoft's numbers for what is behind the code.
  package let numbers: [Int64]

  package init(_ code: String, numbers: [Int64] = []) {
    self.code = code
    self.numbers = numbers
  }

  /// For the log. Without the provider's description, in which it may repeat what it was sent.
  package var detail: String {
    guard !numbers.isEmpty else { return "the provider says \(code)" }
    return "the provider says \(code), error_codes \(numbers.map { "\($0)" }.joined(separator: " "))"
  }
}

/// What a response of the provider is worth.
enum ProviderResponse: Equatable {
  case answer(ProviderOutcome)
  /// It is down, or it is not what is asked for there.
  case failed(String)

  init(_ result: Result<Fetch.Response, Fetch.Failure>, from endpoint: ProviderRequest.Endpoint) {
    switch result {
    case .success(let response): self.init(status: response.status, response.body, from: endpoint)
    case .failure(let failure): self = .failed(failure.description)
    }
  }

  init(status: Int, _ body: [UInt8], from endpoint: ProviderRequest.Endpoint) {
    switch status {
    // What a revocation endpoint says besides does not matter (RFC 7009 §2.2).
    case 200..<300 where endpoint == .revocation: self = .answer(.success([:]))
    case 200..<300:
      guard let members = (try? JSONValue.parse(body))?.objectValue else {
        self = .failed("the answer is not a JSON object")
        return
      }
      if members["access_token"]?.stringValue?.isEmpty == false {
        self = .answer(.success(members))
      } else {
        // Some providers refuse with status 200.
        self = Self.refusal(members) ?? .failed("the answer has no access_token")
      }
    case 408, 429: self = .failed("it answered with status \(status)")
    case 400..<500:
      let members = (try? JSONValue.parse(body))?.objectValue
      self = members.flatMap(Self.refusal) ?? .failed(Self.words(status, endpoint))
    default: self = .failed(Self.words(status, endpoint))
    }
  }

  private static func refusal(_ members: JSONObject) -> ProviderResponse? {
    guard let code = members["error"]?.stringValue, 1...64 ~= code.utf8.count,
      code.utf8.allSatisfy({ 0x20...0x7E ~= $0 && $0 != ASCII.quote && $0 != ASCII.backslash })
    else { return nil }
    // They mean another time, not another request.
    if ["temporarily_unavailable", "server_error", "slow_down"].contains(code) {
      return .failed("it answered with \(code)")
    }
    let numbers = members["error_codes"]?.arrayValue?.prefix(8).compactMap(\.integerValue) ?? []
    return .answer(.refused(ProviderError(code, numbers: numbers)))
  }

  private static func words(_ status: Int, _ endpoint: ProviderRequest.Endpoint) -> String {
    guard status == 404 || status == 405 else { return "it answered with status \(status)" }
    return "it answered with status \(status): check \(endpoint == .token ? "token" : "revocation")_endpoint"
  }
}
