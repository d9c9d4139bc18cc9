import Configuration
import Testing

/// A valid configuration with one route, and ways to break it.
enum Fixture {
  static let minimal = """
    public_url: https://mcp.example.com
    routes:
      - path: /mcp
        upstream:
          url: http://127.0.0.1:8000/mcp
        authorization:
          discovery_url: http://127.0.0.1:9000/.well-known/openid-configuration
          allowed_audience: [aud]

    """

  /// The configuration with other keys in `authorization`: the first of the lines is line 7, and begins in column 7.
  static func authorization(_ lines: [String]) -> String {
    let start = minimal.firstRange(of: "      discovery_url")?.lowerBound ?? minimal.endIndex
    return minimal[..<start] + lines.map { "      \($0)\n" }.joined()
  }

  /// The configuration with a bridge. Line 14 is the first of `lines`, which begin in column 5.
  static func bridged(_ lines: [String] = []) -> String {
    minimal + "      bridge: corporate\nbridges:\n  - name: corporate\n    client_id: gateway\n"
      + (["sealing_keys_file: /etc/portcullis/bridge.keys"] + lines).map { "    \($0)\n" }.joined()
  }

  /// A bridge for an entry of `authorization` with other keys.
  static func bridged(_ lines: [String] = [], authorization: [String]) -> String {
    let full = bridged(lines)
    let bridges = full.firstRange(of: "bridges:")?.lowerBound ?? full.endIndex
    return Self.authorization(authorization + ["bridge: corporate"]) + full[bridges...]
  }

  static func load(
    _ text: String, environment: [String: String] = [:], files: [String: String] = [:]
  ) -> LoadResult {
    let loader = ConfigurationLoader(
      environment: { environment[$0] },
      readFile: { path throws(TextFileError) in
        guard let contents = files[path] else { throw TextFileError(reason: "No such file or directory") }
        return contents
      })
    return loader.load(text: text, file: "conf/test.yaml")
  }

  /// The findings as `line:column: severity: path: message`.
  static func findings(_ result: LoadResult) -> [String] {
    result.diagnostics.map { finding in
      let subject = finding.path.isEmpty ? "" : "\(finding.path): "
      return "\(finding.line):\(finding.column): \(finding.severity): \(subject)\(finding.message)"
    }
  }

  static func findings(_ text: String) -> [String] { findings(load(text)) }

  /// The providers of the first route; none when it is open, or when there is an error.
  static func providers(_ result: LoadResult) -> [AuthorizationConfiguration] {
    guard case .token(let providers)? = result.configuration?.routes.first?.authorization else { return [] }
    return providers
  }
}

/// A change to the valid configuration and the findings that follow from it.
struct Breakage: Sendable, CustomTestStringConvertible {
  let old: String
  let new: String
  let findings: [String]

  /// Replaces `old`, which occurs once in the valid configuration; appends `new` when it is empty.
  init(_ old: String, _ new: String, _ findings: String...) {
    self.init(old, new, all: findings)
  }

  init(_ old: String, _ new: String, all findings: [String]) {
    self.old = old
    self.new = new
    self.findings = findings
  }

  /// Appends lines; the first of them is line 9.
  init(adding new: String, _ findings: String...) {
    self.init("", new, all: findings)
  }

  var text: String {
    old.isEmpty ? Fixture.minimal + new + "\n" : Fixture.minimal.replacing(old, with: new)
  }

  var testDescription: String { new }
}
