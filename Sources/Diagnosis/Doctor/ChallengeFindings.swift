/// Judges the answers to requests without a token (RFC 6750 §3, RFC 9728 §5.1).
struct ChallengeFindings {
  /// Of the route.
  let metadataURL: String
  let scopes: [String]
  /// In lower case, one challenge for each (RFC 6750 §3, RFC 9449 §7.1).
  var schemes = ["bearer"]

  /// - Parameter answers: by method, in the order in which they were asked.
  func of(_ answers: [(method: String, answer: ProbeAnswer)]) -> [Finding] {
    answers.map { finding($0.method, $0.answer) }
  }

  private func finding(_ method: String, _ answer: ProbeAnswer) -> Finding {
    let check = "challenge"
    func problem(_ message: String, _ remedy: String) -> Finding {
      .problem(check, "\(method): \(message)", remedy: remedy)
    }
    guard case .response(let response) = answer else {
      if case .failed(let reason) = answer {
        return problem(reason, "See whether something between the client and the gateway ends the connection.")
      }
      return problem("no answer", "See whether the gateway runs.")
    }
    if 300...399 ~= response.status {
      let target = response.all("location").first ?? "(nowhere)"
      return problem(
        "it redirects to \(target), and clients do not follow with a token",
        "Let whatever stands in front of the gateway send requests on without a redirect; use its https URL.")
    }
    guard response.status == 401 else { return other(response.status, problem) }
    let challenges = response.all("www-authenticate")
    guard !challenges.isEmpty else {
      return problem(
        "401 without WWW-Authenticate", "Something in front of the gateway drops the field or answers in its place.")
    }
    let found = challenges.map { $0.prefix { $0 != " " }.lowercased() }
    guard found == schemes else {
      return problem(
        "the challenges are for \(found.joined(separator: ", ")), not \(schemes.joined(separator: ", "))",
        "Something in front of the gateway adds its own, or another server with a sign-in of its own answers here.")
    }
    let judged = challenges.map { self.judged(method, $0, problem) }
    return judged.first { $0.severity != .ok } ?? judged[0]
  }

  private func other(_ status: Int, _ problem: (String, String) -> Finding) -> Finding {
    let remedy =
      switch status {
      case 200...299: "Requests pass without a token: another server answers here, or the route is open there."
      case 403: "Something in front of the gateway refuses the request: let it pass requests without a token."
      case 404: "Whatever answers here does not know the path: is this the gateway, with this configuration?"
      case 421: "The gateway does not know the host: compare public_url there with the one here."
      case 502...504: "A load balancer in front does not reach the gateway."
      default: "See what answers here: is it the gateway, with this configuration?"
      }
    return problem("status \(status), not 401", remedy)
  }

  private func judged(_ method: String, _ challenge: String, _ problem: (String, String) -> Finding) -> Finding {
    let found = Self.parameter("resource_metadata", of: challenge)
    guard found == metadataURL else {
      return problem(
        "resource_metadata is \(String.quoted(found)), not \(String.quoted(metadataURL))",
        "Give the running gateway this public_url (and this path), then restart it.")
    }
    let scope = Self.parameter("scope", of: challenge)
    guard scope == (scopes.isEmpty ? nil : scopes.joined(separator: " ")) else {
      return .warning(
        "challenge", "\(method): scope is \(String.quoted(scope)), not \(String.quoted(scopes.joined(separator: " ")))",
        remedy: "The running gateway has another configuration than this one: restart it.")
    }
    return .ok("challenge", "\(method): 401 with resource_metadata\(scope.map { " and scope \($0)" } ?? "")")
  }

  /// A parameter in quotes, as clients find it.
  static func parameter(_ name: String, of challenge: String) -> String? {
    guard let start = challenge.firstRange(of: "\(name)=\"")?.upperBound,
      let end = challenge[start...].firstIndex(of: "\"")
    else { return nil }
    return String(challenge[start..<end])
  }
}
