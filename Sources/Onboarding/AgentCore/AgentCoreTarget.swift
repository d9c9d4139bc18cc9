import Configuration

/// A target that is an MCP server with a URL.
struct AgentCoreTarget {
  let name: String
  let endpoint: String
  /// The name as a segment of a path, unique among the targets.
  private(set) var segment: String

  func route(path: String, comment: String, _ access: GatewayDraft.Access) -> GatewayDraft.Route {
    GatewayDraft.Route(name: segment, path: path, upstream: endpoint, comment: comment, access: access)
  }

  /// Those that can stand behind a route, in their order; remarks about the others.
  static func read(_ readers: [MemberReader]) -> [AgentCoreTarget] {
    let whole = readers.filter { $0.has("targetConfiguration") }
    let described = Set(whole.compactMap { $0.string("targetId") })
    var targets = whole.compactMap(target)
    for reader in readers where !reader.has("targetConfiguration") {
      let id = reader.string("targetId") ?? ""
      guard !described.contains(id) else { continue }
      reader.log.add(
        .left, at: reader.place, "this is only a summary of the target \(quoted(reader.string("name") ?? id))",
        remedy: "Add the output of: aws bedrock-agentcore-control get-gateway-target --gateway-identifier GATEWAY "
          + "--target-id \(visible(id))")
    }
    var taken: Set<String> = []
    for index in targets.indices {
      let wanted = isSegment(targets[index].name) ? targets[index].name : "target-\(index + 1)"
      var segment = wanted
      var number = 2
      while !taken.insert(segment.lowercased()).inserted {
        segment = "\(wanted)-\(number)"
        number += 1
      }
      targets[index].segment = segment
    }
    return targets
  }

  private static func target(_ reader: MemberReader) -> AgentCoreTarget? {
    let name = reader.string("name") ?? reader.string("targetId") ?? "without a name"
    _ = reader.facts([
      "name", "targetId", "gatewayArn", "gatewayId", "createdAt", "updatedAt", "status", "statusReasons",
      "description", "lastSynchronizedAt", "ResponseMetadata",
    ])
    let endpoint = reader.object("targetConfiguration").flatMap { AgentCoreTargetKind.endpoint($0, of: name) }
    let isUsable = endpoint.map { WebURL($0) != nil } ?? false
    if isUsable { readConnection(reader, name) }
    // The reasons why a target is not carried over cover what else is known about it.
    _ = reader.facts(connectionMembers)
    reader.finish()
    guard let endpoint else { return nil }
    guard isUsable else {
      reader.log.add(
        .left, at: reader.place, "the endpoint of the target \(quoted(name)) is not usable: \(quoted(endpoint))",
        remedy: "An upstream is an http or https URL in lower case without user, query and fragment; add the route by "
          + "hand.")
      return nil
    }
    return AgentCoreTarget(name: name, endpoint: endpoint, segment: "")
  }

  private static let connectionMembers = [
    "credentialProviderConfigurations", "metadataConfiguration", "privateEndpoint", "certificateConfigurations",
    "authorizationData",
  ]

  private static func readConnection(_ reader: MemberReader, _ name: String) {
    let types = reader.objects("credentialProviderConfigurations").map {
      $0.string("credentialProviderType") ?? "unknown"
    }
    if !types.isEmpty {
      reader.remark(
        "credentialProviderConfigurations", .left,
        "the target \(quoted(name)) gets no credentials (\(visible(types.joined(separator: ", "))))",
        remedy: "Let the MCP server trust the gateway's machine or network, and read who calls from the identity "
          + "headers.")
    }
    reader.remark(
      "metadataConfiguration", .left,
      "all header fields pass, but for hop-by-hop ones, Authorization and those with a meaning of their own here",
      remedy: "Make sure that the MCP server believes no header field that a client can set.")
    reader.remark(
      "privateEndpoint", .left, "the gateway reaches the MCP server by the network of its own machine",
      remedy: "Make sure that the endpoint can be reached from there.")
    reader.remark(
      "certificateConfigurations", .left, "the private authority's certificate lies at AWS",
      remedy: "Copy the PEM file to the gateway, and name it as upstream.tls.ca.")
    reader.remark(
      "authorizationData", .left, "pending sign-ins at AWS have no counterpart", remedy: "Nothing to do.")
  }

  /// As AgentCore allows names, which are safe in a path.
  private static func isSegment(_ name: String) -> Bool {
    name.isPlain(and: "-_.") && name.utf8.count <= 100 && !name.hasPrefix(".")
  }
}
