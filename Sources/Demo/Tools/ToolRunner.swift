internal import JSON
internal import MCP

/// Runs the tools.
struct ToolRunner {
  private(set) var calls: Int64 = 0

  /// - Throws: when there is no such tool or the parameters have the wrong shape; bad arguments are a result,
  ///   so that the model can correct them.
  mutating func call(
    _ params: JSONObject, identity: GatewayIdentity, openSessions: Int
  ) throws(JSONRPCError) -> ToolOutcome {
    guard let name = params["name"]?.stringValue else { throw .invalidParams("params.name must be a string") }
    guard let tool = DemoTool(rawValue: name) else { throw .invalidParams("Unknown tool") }
    let arguments: JSONObject
    switch params["arguments"] {
    case nil, .null: arguments = [:]
    case .object(let object): arguments = object
    default: throw .invalidParams("params.arguments must be an object")
    }
    calls += 1
    return switch tool {
    case .whoami: .done(Self.whoami(identity))
    case .add: .done(Self.add(arguments))
    case .countdown: Self.countdown(arguments)
    case .adminReport: .done(adminReport(identity, openSessions: openSessions))
    }
  }

  private static func whoami(_ identity: GatewayIdentity) -> ToolResult {
    guard let subject = identity.subject else {
      return .failure("Nobody has vouched for you: this request did not come through the gateway.")
    }
    let scopes =
      identity.scopes.isEmpty ? "no scopes" : "the scopes \(identity.scopes.joined(separator: " "))"
    let credentials =
      identity.hasCredentials ? "A credential came along, which is wrong." : "No token came along."
    return ToolResult(
      text:
        "You are \(subject), using client \(identity.client ?? "(unnamed)") with \(scopes). \(credentials)",
      structured: [
        "subject": .string(subject),
        "client": identity.client.map { .string($0) } ?? .null,
        "issuer": identity.issuer.map { .string($0) } ?? .null,
        "scopes": JSONValue(identity.scopes),
        "credentialsReceived": .bool(identity.hasCredentials),
      ])
  }

  private static func add(_ arguments: JSONObject) -> ToolResult {
    guard let a = arguments["a"], let b = arguments["b"], let left = a.numberValue, let right = b.numberValue
    else {
      return .failure("a and b must be numbers.")
    }
    if case .integer(let one) = a, case .integer(let other) = b {
      let (sum, overflowed) = one.addingReportingOverflow(other)
      if !overflowed { return ToolResult(text: String(sum), structured: ["sum": .integer(sum)]) }
    }
    let sum = left + right
    guard sum.isFinite else { return .failure("The sum is too large.") }
    return ToolResult(text: sum.description, structured: ["sum": .number(sum)])
  }

  private static func countdown(_ arguments: JSONObject) -> ToolOutcome {
    guard let from = integer(arguments["from"], default: 5, in: 1...20) else {
      return .done(.failure("from must be an integer from 1 to 20."))
    }
    guard let interval = integer(arguments["interval_ms"], default: 500, in: 0...5000) else {
      return .done(.failure("interval_ms must be an integer from 0 to 5000."))
    }
    let result = ToolResult(
      text: "Lift-off after \(from) steps.", structured: ["steps": .integer(Int64(from))])
    return .counting(count: from, intervalMilliseconds: interval, result)
  }

  private static func integer(_ value: JSONValue?, default standard: Int, in range: ClosedRange<Int>) -> Int? {
    guard let value else { return standard }
    guard let number = value.integerValue.flatMap({ Int(exactly: $0) }), range.contains(number) else {
      return nil
    }
    return number
  }

  private func adminReport(_ identity: GatewayIdentity, openSessions: Int) -> ToolResult {
    guard identity.scopes.contains("mcp:admin") else {
      return .failure("This report needs the scope mcp:admin, which the gateway has not vouched for.")
    }
    return ToolResult(
      text: "\(calls) tool calls so far, \(openSessions) open sessions.",
      structured: ["toolCalls": .integer(calls), "openSessions": .integer(Int64(openSessions))])
  }
}
