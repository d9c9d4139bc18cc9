import JSON
import Outbound

/// What a provider's response to an introspection request (RFC 7662 §2.2) is worth.
enum IntrospectionAnswer {
  /// It says whether the token is active.
  case answer(JSONValue)
  /// The provider judges this request, not the next: it is up, and says nothing that can be used.
  case refused(String)
  case failed(String)

  init(_ result: Result<Fetch.Response, Fetch.Failure>) {
    switch result {
    case .success(let response): self.init(response)
    case .failure(let failure): self = .failed(failure.description)
    }
  }

  private init(_ response: Fetch.Response) {
    guard response.status == 200 else {
      self = Self.refusal(response.status)
      return
    }
    guard let value = try? JSONValue.parse(response.body), value.objectValue != nil else {
      self = .failed("the answer is not a JSON object")
      return
    }
    guard value["active"]?.boolValue != nil else {
      self = .failed("the answer has no boolean `active`")
      return
    }
    self = .answer(value)
  }

  private static func refusal(_ status: Int) -> IntrospectionAnswer {
    switch status {
    case 400, 413, 414, 422, 431: .refused("it answered with status \(status)")
    case 401, 403:
      .failed(
        "it answered with status \(status): check client_id, client_secret or private_key, auth_method, and that this "
          + "client may introspect tokens")
    case 404, 405: .failed("it answered with status \(status): check introspection.endpoint")
    default: .failed("it answered with status \(status)")
    }
  }
}
