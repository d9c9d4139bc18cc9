package import Configuration

/// The answer of `init`: a configuration, and what else there is to do.
package struct InitPlan {
  package let yaml: String
  /// Steps at the provider, redirect URIs, client snippets: for people, with a final newline.
  package let guidance: String
  /// What `check` will warn about.
  package let warnings: [Diagnostic]

  /// - Throws: `InitFault` when an option is missing, or has a value that the configuration refuses.
  package init(_ request: InitRequest) throws(InitFault) {
    let guide = ProviderGuide.of(request.provider)
    let issuer = try guide.issuer.issuer(request, title: guide.title)
    let publicURL = request.publicURL ?? GatewayDraft.standardURL
    let facts = InitFacts(
      issuer: issuer, resource: request.path == "/" ? publicURL : publicURL + request.path,
      scopes: request.scopes.isEmpty ? guide.scopes : request.scopes, audiences: request.audiences,
      clientID: request.clientID, shortcuts: request.shortcuts)
    let name = Self.name(of: request.path)
    let authorization = Self.authorization(request.provider, guide, facts, try guide.bind(facts))
    var draft = GatewayDraft()
    draft.publicURL = publicURL
    draft.routes = [
      GatewayDraft.Route(
        name: name, path: request.path, upstream: request.upstream,
        comment: "Users give their clients one URL: \(visible(facts.resource))", access: .token(authorization))
    ]
    let findings = draft.load().diagnostics
    if let error = findings.first(where: { $0.severity == .error }) { throw Self.fault(error, guide) }
    warnings = findings
    yaml = draft.yaml(
      header: """
        Made by `portcullis init --idp \(request.provider.rawValue)` for \(guide.title).

          portcullis check --config FILE            is it right?
          portcullis check --config FILE --expand   what does it amount to?
          portcullis serve --config FILE            run it

        docs/providers/\(request.provider.rawValue).md: what to do at the provider, and what can go wrong.
        docs/configuration.md: every key.
        """)
    guidance = Guidance(guide: guide, facts: facts, server: name).text
  }

  private static func authorization(
    _ provider: ProviderPreset, _ guide: ProviderGuide, _ facts: InitFacts, _ binding: TokenBinding
  ) -> AuthorizationDraft {
    var draft = AuthorizationDraft()
    draft.add("provider", provider.rawValue, "Which claims hold the client and the scopes; check --expand shows them.")
    draft.add("issuer", facts.issuer, "Compared with tokens byte by byte. Metadata and keys are found by it.")
    draft.add("allowed_audience", list: binding.audience, binding.audienceComment)
    draft.add(
      "allowed_clients", list: facts.clientID.map { [$0] } ?? [], "Clients that may use the route. Add the others.")
    draft.add("allowed_scopes", list: facts.scopes, "One of these is enough; clients are told to ask for all of them.")
    draft.scopeMapping = binding.scopeMapping
    return draft
  }

  /// What users call the server: the first segment of the path that says something.
  private static func name(of path: String) -> String {
    let segment = path.split(separator: "/").first { $0 != "mcp" }.map(String.init) ?? "tools"
    return segment.isPlain(and: "-_") && segment.utf8.count <= 64 ? segment : "tools"
  }

  /// An error of the configuration in terms of the option that caused it.
  private static func fault(_ error: Diagnostic, _ guide: ProviderGuide) -> InitFault {
    let issuer = (guide.issuer.needed.map(\.rawValue) + ["--issuer"]).joined(separator: " or ")
    let options = [
      ("public_url", "--public-url"), ("listeners", "--public-url"), ("routes[0].path", "--path"),
      ("routes[0].upstream", "--upstream"), ("routes[0].authorization.allowed_audience", "--audience"),
      ("routes[0].authorization.allowed_clients", "--client-id"),
      ("routes[0].authorization.allowed_scopes", "--scope"),
      ("routes[0].authorization.advertised_scope_mapping", "--scope"),
    ]
    let option = options.first { error.path.hasPrefix($0.0) }?.1 ?? issuer
    return InitFault(option, error.message, remedy: error.remedy)
  }
}
