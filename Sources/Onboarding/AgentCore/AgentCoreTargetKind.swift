import Configuration

/// What a target is, and why most kinds cannot stand behind a route.
enum AgentCoreTargetKind {
  private struct Kind {
    let name: String
    let what: String
    let remedy: String
  }

  private static let mcpKinds = [
    Kind(
      name: "openApiSchema", what: "an API described by OpenAPI, which AgentCore turns into tools",
      remedy: "Run an MCP server that makes tools of the API, and put it behind a route."),
    Kind(
      name: "smithyModel", what: "an API described by Smithy, which AgentCore turns into tools",
      remedy: "Run an MCP server that makes tools of the API, and put it behind a route."),
    Kind(
      name: "lambda", what: "a Lambda function, which is called by AWS's own API",
      remedy: "Put an MCP server in front of the function, and that behind a route."),
    Kind(
      name: "apiGateway", what: "a stage of Amazon API Gateway, whose methods AgentCore turns into tools",
      remedy: "Run an MCP server that calls the stage, and put it behind a route."),
    Kind(
      name: "connector", what: "a connector that runs at AWS",
      remedy: "Use the vendor's own MCP server as an upstream, if there is one."),
  ]

  private static let httpKinds = [
    Kind(
      name: "agentcoreRuntime", what: "an AgentCore Runtime, which is named by an ARN and not by a URL",
      remedy: "Add a route by hand whose upstream.url is the runtime's invocation URL, if it needs no signature of AWS."
    ),
    Kind(
      name: "connector", what: "a connector that runs at AWS",
      remedy: "Use the vendor's own MCP server as an upstream, if there is one."),
  ]

  /// The URL of the MCP server; else nil, with a remark.
  static func endpoint(_ configuration: MemberReader, of target: String) -> String? {
    defer { configuration.finish() }
    if let mcp = configuration.object("mcp") {
      defer { mcp.finish() }
      refuse(mcp, mcpKinds, target)
      return mcp.object("mcpServer").flatMap(server)
    }
    if let http = configuration.object("http") {
      defer { http.finish() }
      refuse(http, httpKinds, target)
      return http.object("passthrough").flatMap { passthrough($0, target) }
    }
    configuration.remark(
      "inference", .left, "the target \(quoted(target)) is a language model, not an MCP server",
      remedy: "Let clients reach it in another way.")
    return nil
  }

  private static func refuse(_ reader: MemberReader, _ kinds: [Kind], _ target: String) {
    for kind in kinds {
      reader.remark(kind.name, .left, "the target \(quoted(target)) is \(kind.what)", remedy: kind.remedy)
    }
  }

  private static func server(_ reader: MemberReader) -> String? {
    reader.remark(
      "mcpToolSchema", .access,
      "a fixed list of tools limits what callers see; here they reach all tools of the server",
      remedy: "Remove the other tools from the MCP server, or ask for a scope that only trusted callers have.")
    reader.remark(
      "listingMode", .left, "tools are always listed by the MCP server at the time of the call",
      remedy: "Nothing to do.")
    reader.remark(
      "resourcePriority", .left, "resources of several servers are not merged", remedy: "Nothing to do.")
    return endpoint(reader)
  }

  private static func passthrough(_ reader: MemberReader, _ target: String) -> String? {
    let kind = reader.string("protocolType") ?? "none given"
    reader.remark(
      "stickinessConfiguration", .left, "requests are not tied to one of several servers by a session",
      remedy: "Put a load balancer that does so between gateway and servers, if sessions need it.")
    for name in ["staticQueryParameters", "staticQueryParameterConflictResolution"] {
      reader.remark(
        name, .left, "query parameters are not added to requests",
        remedy: "Let the MCP server do without them, or put a proxy in between that adds them.")
    }
    reader.remark("schema", .left, "requests are not compared with a schema", remedy: "The MCP server checks them.")
    guard kind == "MCP" else {
      _ = reader.facts(["endpoint"])
      reader.finish()
      reader.remark(
        "protocolType", .left, "the target \(quoted(target)) speaks \(visible(kind)), not MCP",
        remedy: "Add a route by hand if it speaks MCP all the same.")
      if !reader.has("protocolType") {
        reader.log.add(
          .left, at: reader.place, "the target \(quoted(target)) does not say that it speaks MCP",
          remedy: "Add a route by hand if it does.")
      }
      return nil
    }
    return endpoint(reader)
  }

  private static func endpoint(_ reader: MemberReader) -> String? {
    defer { reader.finish() }
    let endpoint = reader.string("endpoint")
    if !reader.has("endpoint") {
      reader.log.add(
        .left, at: reader.place, "there is no endpoint", remedy: "Give the whole output of get-gateway-target.")
    }
    return endpoint
  }
}
