import Configuration

/// A configuration to write, with comments: what `init` and `import` have in common.
struct GatewayDraft {
  enum Access {
    case open
    case token(AuthorizationDraft)
  }

  struct Route {
    let name: String
    let path: String
    let upstream: String
    let comment: String
    let access: Access
  }

  /// The public URL when nobody has named one: that of the standard listener.
  static let standardURL = "http://127.0.0.1:8080"

  var publicURL = Self.standardURL
  var publicURLComment = ""
  var allowedHosts: [String] = []
  var routes: [Route] = []

  /// The whole file, `header` as a comment on top.
  func yaml(header: String) -> String {
    var yaml = YAMLWriter()
    yaml.comment(header)
    yaml.space()
    write(to: &yaml)
    return yaml.text
  }

  /// What `check` finds in it. Nothing is read from this machine.
  func load() -> LoadResult {
    let loader = ConfigurationLoader(
      environment: { _ in nil },
      readFile: { _ throws(TextFileError) in throw TextFileError(reason: "not read here") })
    var yaml = YAMLWriter()
    write(to: &yaml)
    return loader.load(text: yaml.text, file: "")
  }

  private func write(to yaml: inout YAMLWriter) {
    yaml.comment("The URL under which clients reach the gateway. Metadata and challenges are made from it.")
    if !publicURLComment.isEmpty { yaml.comment(publicURLComment) }
    yaml.string("public_url", publicURL)
    if !allowedHosts.isEmpty { yaml.strings("allowed_hosts", allowedHosts) }
    yaml.space()
    writeListener(to: &yaml)
    yaml.space()
    yaml.sections("routes", routes) { $1.write(to: &$0) }
  }

  private func writeListener(to yaml: inout YAMLWriter) {
    let url = WebURL(publicURL)
    if url?.scheme == .https {
      yaml.comment(
        "In the clear, for a load balancer on this machine that ends TLS. To end TLS here, listen on 0.0.0.0:443 and "
          + "add certificates: see docs/tls.md.")
    }
    var address = "127.0.0.1:8080"
    if let url, url.scheme == .http {
      let host = url.host.contains(":") ? "[\(url.host)]" : url.host.hasPrefix("127.") ? url.host : "127.0.0.1"
      address = "\(host):\(url.port)"
    }
    yaml.sections("listeners", [address]) { $0.string("address", $1) }
  }
}

extension GatewayDraft.Route {
  fileprivate func write(to yaml: inout YAMLWriter) {
    if !comment.isEmpty { yaml.comment(comment) }
    yaml.string("name", name)
    yaml.string("path", path)
    yaml.section("upstream") { $0.string("url", upstream) }
    switch access {
    case .open:
      yaml.comment("Anybody who can reach the gateway may use this route.")
      yaml.plain("authorization", "none")
    case .token(let draft): yaml.section("authorization", draft.write)
    }
  }
}
