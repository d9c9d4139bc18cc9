import Configuration

/// What `get-gateway` says about a gateway itself.
struct AgentCoreGateway {
  let name: String
  let access: GatewayDraft.Access
  private let domain: String?
  private let alternateDomains: [String]
  private let place: String

  init(_ reader: MemberReader) throws(ImportRefusal) {
    place = reader.place
    name = reader.string("name") ?? "without a name"
    let url = reader.string("gatewayUrl")
    access = try Self.access(reader)
    let override = reader.object("domainOverride")
    domain = override?.string("default")
    alternateDomains = override?.strings("alternateDomains") ?? []
    override?.finish()
    Self.readProtocol(reader)
    Self.readGuards(reader)
    Self.readRest(reader, url: url)
    reader.finish()
  }

  private static func access(_ reader: MemberReader) throws(ImportRefusal) -> GatewayDraft.Access {
    let type = reader.string("authorizerType")
    let place = reader.place(of: "authorizerType")
    let configuration = reader.object("authorizerConfiguration", .access)
    defer { configuration?.finish() }
    switch type {
    case "CUSTOM_JWT":
      guard let authorizer = configuration?.object("customJWTAuthorizer") else {
        throw ImportRefusal(
          at: reader.place(of: "authorizerConfiguration"), "customJWTAuthorizer is missing",
          remedy: "Give the whole output of get-gateway.")
      }
      return .token(try AgentCoreAuthorizer.draft(authorizer))
    case "NONE":
      reader.log.add(
        .warning, at: place, "the gateway asks nobody for a token, so every route says \"authorization: none\"",
        remedy: "Make sure that this is meant: at AWS, something behind such a gateway has to decide about access.")
      return .open
    case "AWS_IAM", "AUTHENTICATE_ONLY":
      throw ImportRefusal(
        at: place, "\(type ?? "") checks signatures of AWS (SigV4), which Portcullis does not; nothing was written",
        remedy: "Keep this gateway, or give its callers an OAuth provider: see portcullis init --help.")
    default:
      throw ImportRefusal(
        at: place, "\(type.map(quoted) ?? "nothing") is not a kind of authorizer that is known here",
        remedy: "CUSTOM_JWT and NONE can be carried over.")
    }
  }

  /// `public_url`, and what else the host is called.
  func address(_ draft: inout GatewayDraft, _ options: AgentCoreImport.Options, _ log: RemarkLog) {
    let usable = domain.flatMap { Self.isHost($0) ? "https://\($0)" : nil }
    if let domain, usable == nil {
      log.add(
        .left, at: "\(place) domainOverride.default", "\(quoted(domain)) is not a host name in lower case",
        remedy: "Set public_url by hand, or with --public-url.")
    }
    draft.publicURL = options.publicURL ?? usable ?? GatewayDraft.standardURL
    if options.publicURL == nil && usable == nil {
      draft.publicURLComment = "No domain was named: this is the default, for trying it out. See --public-url."
    } else if let usable, draft.publicURL != usable {
      log.add(
        .note, at: "\(place) domainOverride.default", "\(usable) gave way to --public-url",
        remedy: "Point clients to the new URL.")
    }
    draft.allowedHosts = alternateDomains.filter(Self.isHost)
    guard !alternateDomains.isEmpty else { return }
    log.add(
      .note, at: "\(place) domainOverride.alternateDomains",
      "they are accepted as Host (allowed_hosts), but metadata and challenges always name public_url",
      remedy: "Where clients must see another name, give its routes a public_url of their own.")
    for domain in alternateDomains where !Self.isHost(domain) {
      log.add(
        .left, at: "\(place) domainOverride.alternateDomains", "\(quoted(domain)) is not a host name in lower case",
        remedy: "Add it to allowed_hosts by hand.")
    }
  }

  private static func isHost(_ text: String) -> Bool {
    WebURL("https://\(text)").map { $0.path.isEmpty && $0.authority == text } ?? false
  }

  /// What decides about callers behind the token check.
  private static func readGuards(_ reader: MemberReader) {
    reader.remark(
      "interceptorConfigurations", .access, "Lambda functions that may refuse or change requests have no counterpart",
      remedy: "Move what they decide into allowed_scopes and custom_claims, or into the MCP server.")
    if let policy = reader.object("policyEngineConfiguration") {
      let mode = policy.string("mode") ?? "unknown"
      _ = policy.string("arn")
      policy.finish()
      reader.remark(
        "policyEngineConfiguration", mode == "LOG_ONLY" ? .left : .access,
        "Cedar policies are not evaluated here (mode \(visible(mode)))",
        remedy: "Give each kind of caller a route with allowed_scopes of its own, or let the MCP server decide by the "
          + "identity headers.")
    }
    if let firewall = reader.object("wafConfiguration") {
      let mode = firewall.string("failureMode")
      _ = firewall.facts(["failureMode"])
      let attached = firewall.facts(["webAclArn"])
      firewall.finish()
      reader.remark(
        "wafConfiguration", attached.isEmpty ? .left : .access,
        "a web application firewall has no counterpart" + (mode.map { " (failure mode \(visible($0)))" } ?? ""),
        remedy: "Put one in front of the gateway if requests were filtered by address or content.")
    }
    reader.remark(
      "customTransformConfiguration", .left, "requests and responses are not transformed here",
      remedy: "Move the transformation into the MCP server.")
  }

  private static func readProtocol(_ reader: MemberReader) {
    if let type = reader.string("protocolType"), type != "MCP" {
      reader.remark(
        "protocolType", .left, "\(quoted(type)) is not MCP", remedy: "Only MCP servers are put behind routes.")
    }
    guard let protocols = reader.object("protocolConfiguration", .left) else { return }
    if let mcp = protocols.object("mcp") { readMCP(mcp) }
    protocols.finish()
  }

  private static func readMCP(_ mcp: MemberReader) {
    let server = "The MCP server behind the route decides; set it there."
    mcp.remark("supportedVersions", .left, "versions are negotiated with the MCP server, not here", remedy: server)
    mcp.remark("instructions", .left, "instructions for clients come from the MCP server", remedy: server)
    mcp.remark("searchType", .left, "there is no search over tools", remedy: "Clients list the tools of each server.")
    mcp.remark("sessionConfiguration", .left, "sessions belong to the MCP server", remedy: server)
    mcp.remark(
      "streamingConfiguration", .left, "responses are always streamed as the MCP server sends them",
      remedy: "Nothing to do, unless clients cannot read event streams; then let the server answer with JSON.")
    mcp.remark("disableMcpListToolsPagination", .left, "lists are passed on in the server's pages", remedy: server)
    mcp.finish()
  }

  private static func readRest(_ reader: MemberReader, url: String?) {
    if let url {
      reader.remark(
        "gatewayUrl", .note, "clients use \(visible(url)) today, and ask for tokens for it",
        remedy: "Give them the new URL. Where the provider puts the requested resource into tokens, add that URL to "
          + "allowed_audience.")
    }
    reader.remark(
      "exceptionLevel", .left, "there are no levels: the challenge and the log always say why a token was refused",
      remedy: "Nothing to do; docs/logs.md explains each reason.")
    let facts = reader.facts([
      "gatewayArn", "gatewayId", "createdAt", "updatedAt", "status", "statusReasons", "description", "roleArn",
      "kmsKeyArn", "workloadIdentityDetails", "tags", "ResponseMetadata",
    ])
    if !facts.isEmpty {
      reader.log.add(
        .left, at: reader.place, "these describe the resource at AWS: \(facts.joined(separator: ", "))",
        remedy: "Nothing to do.")
    }
  }
}
