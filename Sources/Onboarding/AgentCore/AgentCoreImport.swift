import Configuration

/// Turns what AWS says about a gateway of Amazon Bedrock AgentCore into a configuration.
package enum AgentCoreImport {
  /// A JSON text and the name under which remarks speak of it.
  package struct Document: Sendable {
    package let name: String
    package let text: String

    package init(name: String, text: String) {
      self.name = name
      self.text = text
    }
  }

  package struct Options: Sendable {
    /// Nil: the gateway's domain override, else the loopback default.
    package var publicURL: String?
    /// The MCP server when no target names one.
    package var upstream: String?

    package init(publicURL: String? = nil, upstream: String? = nil) {
      self.publicURL = publicURL
      self.upstream = upstream
    }
  }

  package struct Outcome: Sendable {
    /// With the remarks as comments on top.
    package let yaml: String
    package let remarks: [Remark]

    /// Whether everything that decides about access was carried over.
    package var isComplete: Bool { !remarks.contains { $0.weight == .access } }
  }

  /// - Throws: `ImportRefusal` when there is nothing that could be written.
  package static func run(_ documents: [Document], _ options: Options) throws(ImportRefusal) -> Outcome {
    let log = RemarkLog()
    do throws(ImportRefusal) {
      let input = try AgentCoreDocuments(documents, log)
      let gateway = try AgentCoreGateway(input.gateway)
      let targets = AgentCoreTarget.read(input.targets)
      var draft = GatewayDraft()
      gateway.address(&draft, options, log)
      draft.routes = try routes(gateway, targets, options, input.gateway.place, log)
      addFindings(of: draft, to: log)
      return Outcome(yaml: draft.yaml(header: header(gateway, documents, log.remarks)), remarks: log.remarks)
    } catch {
      var refusal = error
      refusal.others = log.remarks
      throw refusal
    }
  }

  private static func routes(
    _ gateway: AgentCoreGateway, _ targets: [AgentCoreTarget], _ options: Options, _ place: String, _ log: RemarkLog
  ) throws(ImportRefusal) -> [GatewayDraft.Route] {
    guard !targets.isEmpty else {
      guard let upstream = options.upstream else {
        throw ImportRefusal(
          at: place, "there is no target with the URL of an MCP server",
          remedy: "Give the outputs of get-gateway-target as further files, or name the MCP server with --upstream.")
      }
      return [
        GatewayDraft.Route(
          name: "mcp", path: "/mcp", upstream: upstream, comment: "The MCP server is the one of --upstream.",
          access: gateway.access)
      ]
    }
    if let upstream = options.upstream {
      log.add(
        .note, at: "--upstream", "\(upstream) is not used: the targets name their MCP servers",
        remedy: "Leave the option out, or change upstream.url in the configuration.")
    }
    guard targets.count > 1 else {
      let comment =
        "The only target, \(quoted(targets[0].name)), keeps the gateway's path, so clients change the host only."
      return [targets[0].route(path: "/mcp", comment: comment, gateway.access)]
    }
    log.add(
      .note, at: place, "\(targets.count) MCP targets become \(targets.count) routes; there is no common one at /mcp",
      remedy: "Give each client the URLs of the servers that it needs: tools are not merged, and keep the names that "
        + "their servers give them, without the target's name in front.")
    return targets.map { target in
      target.route(path: "/\(target.segment)/mcp", comment: "The target \(quoted(target.name)).", gateway.access)
    }
  }

  /// What the configuration does not accept is something that was not carried over.
  private static func addFindings(of draft: GatewayDraft, to log: RemarkLog) {
    var said: Set<String> = []
    for finding in draft.load().diagnostics {
      // Routes share their conditions, so they share the findings.
      guard said.insert(finding.message + finding.remedy).inserted else { continue }
      log.add(
        finding.severity == .error ? .access : .note, at: "the configuration: \(finding.path)", finding.message,
        remedy: finding.remedy)
    }
  }

  private static func header(
    _ gateway: AgentCoreGateway, _ documents: [Document], _ remarks: [Remark]
  ) -> String {
    let files = documents.map(\.name).joined(separator: ", ")
    var paragraphs = [
      "Made by `portcullis import agentcore` from the gateway \(quoted(gateway.name)) (\(visible(files))).",
      "Check it:  portcullis check --config FILE",
    ]
    let titles: [(Remark.Weight, String)] = [
      (.access, "NOT CARRIED OVER, AND DECIDES ABOUT ACCESS. Settle these before the file goes into use:"),
      (.warning, "DANGEROUS:"), (.left, "Left out:"), (.note, "To look at:"),
    ]
    for (weight, title) in titles {
      let chosen = remarks.filter { $0.weight == weight }
      guard !chosen.isEmpty else { continue }
      paragraphs += ["", title]
      for remark in chosen { paragraphs += ["  \(remark.place): \(remark.message)", "      \(remark.remedy)"] }
    }
    return paragraphs.joined(separator: "\n")
  }
}
