import Configuration
import JOSE
import JSON
import Net
import Testing

@testable import Gateway

/// What is wrong with files is said where the configuration names them.
struct FileFindingsTests {
  private let files: TestFiles
  private let authority: TestAuthority

  init() throws {
    files = try TestFiles()
    authority = try TestAuthority()
  }

  /// The files that a configuration names, by key path; each of its own, so that none is taken for another.
  private func paths(_ leaf: TestAuthority? = nil) throws -> [String: String] {
    let leaf = try leaf ?? authority.issue(names: ["mcp.example.com"], end: 90 * 86_400)
    return [
      "certificate": try files.write(leaf.chainPEM), "key": try files.write(leaf.keyPEM),
      "ocsp_response": try files.write(authority.ocspResponse(about: leaf)),
      "ticket_keys": try files.write(String(repeating: "7a", count: 80) + "\n"),
      "client_ca": try files.write(authority.pem),
      "upstream.ca": try files.write(authority.pem), "upstream.certificate": try files.write(leaf.pem),
      "upstream.key": try files.write(leaf.keyPEM), "provider_ca": try files.write(authority.pem),
    ]
  }

  private func findings(_ paths: [String: String], _ keys: [String]) -> [String] {
    func path(_ key: String) -> String { paths[key] ?? "" }
    func line(_ key: String) -> String {
      keys.contains(key) ? "\(key.split(separator: ".").last ?? ""): \(path(key))" : "# \(key)"
    }
    let text = """
      public_url: https://mcp.example.com
      listeners:
        - address: 127.0.0.1:0
          tls:
            certificates:
              - certificate: \(path("certificate"))
                key: \(path("key"))
                \(line("ocsp_response"))
            \(line("ticket_keys"))
            \(line("client_ca"))
      routes:
        - path: /mcp
          upstream:
            url: https://tools.internal/mcp
            tls:
              server_name: tools.internal
              \(line("upstream.ca"))
              \(line("upstream.certificate"))
              \(line("upstream.key"))
          authorization:
            discovery_url: https://idp.example/.well-known/openid-configuration
            allowed_audience: [aud]
            \(line("provider_ca"))
      """
    let loader = ConfigurationLoader(
      environment: { _ in nil }, readFile: { _ throws(TextFileError) in throw TextFileError(reason: "none") })
    let result = loader.load(text: text, file: "test.yaml")
    guard let configuration = result.configuration else {
      Issue.record("\(result.diagnostics)")
      return []
    }
    return FileFindings.of(configuration, result.sources).map {
      "\($0.line):\($0.column) \($0.severity) \($0.path): \($0.message)"
    }
  }

  private static let all = [
    "ocsp_response", "ticket_keys", "client_ca", "upstream.ca", "upstream.certificate", "upstream.key", "provider_ca",
  ]

  @Test func allIsWell() throws {
    let findings = findings(try paths(), Self.all)
    #expect(findings == [])
  }

  @Test(arguments: [
    ("certificate", "6:24 error listeners[0].tls.certificates[0].certificate: "),
    ("key", "7:16 error listeners[0].tls.certificates[0].key: "),
    ("ocsp_response", "8:26 error listeners[0].tls.certificates[0].ocsp_response: "),
    ("ticket_keys", "9:20 error listeners[0].tls.ticket_keys: "),
    ("client_ca", "10:18 error listeners[0].tls.client_ca: "),
    ("upstream.ca", "17:13 error routes[0].upstream.tls.ca: "),
    ("upstream.certificate", "18:22 error routes[0].upstream.tls.certificate: "),
    ("upstream.key", "19:14 error routes[0].upstream.tls.key: "),
    ("provider_ca", "23:20 error routes[0].authorization.provider_ca: "),
  ])
  func eachFaultHasItsPlace(_ key: String, _ place: String) throws {
    for broken in [files.path + "/missing", try files.write("neither PEM nor anything else")] {
      var paths = try paths()
      paths[key] = broken
      let findings = findings(paths, Self.all)
      #expect(findings.count == 1, "\(findings)")
      #expect(findings.first?.hasPrefix(place + broken + ": ") == true, "\(findings)")
    }
  }

  /// A key that belongs to another certificate, which a half-done renewal leaves behind.
  @Test func aKeyOfAnotherCertificate() throws {
    var paths = try paths()
    paths["key"] = try files.write(authority.keyPEM)
    let findings = findings(paths, [])
    #expect(findings.count == 1)
    #expect(findings.first?.hasPrefix("7:16 error listeners[0].tls.certificates[0].key: ") == true, "\(findings)")
  }

  @Test(arguments: [(-60, "the certificate has expired"), (5 * 86_400 + 60, "the certificate expires in 5 days")])
  func datesAreWarnedOf(_ end: Int, _ message: String) throws {
    let leaf = try authority.issue(names: ["mcp.example.com"], start: -86_400, end: end)
    let paths = try paths(leaf)
    let findings = findings(paths, [])
    #expect(
      findings == [
        "6:24 warning listeners[0].tls.certificates[0].certificate: \(paths["certificate"] ?? ""): \(message)"
      ])
  }

  @Test func farAwayDatesAreNot() throws {
    let leaf = try authority.issue(names: ["mcp.example.com"], end: 15 * 86_400)
    #expect(findings(try paths(leaf), []) == [])
  }

  @Test func filesOfSeveralProvidersAreToldApart() {
    let text = """
      public_url: https://mcp.example.com
      routes:
        - path: /mcp
          upstream: {url: "http://127.0.0.1:9"}
          authorization:
            - {issuer: "https://a.example", allowed_audience: [a]}
            - issuer: https://b.example
              allowed_audience: [b]
              provider_ca: \(files.path)/missing
      """
    let loader = ConfigurationLoader(
      environment: { _ in nil }, readFile: { _ throws(TextFileError) in throw TextFileError(reason: "none") })
    let result = loader.load(text: text, file: "test.yaml")
    let findings = result.configuration.map { FileFindings.of($0, result.sources) } ?? []
    #expect(findings.map(\.path) == ["routes[0].authorization[1].provider_ca"])
    #expect(findings.map(\.line) == [9])
  }

  // MARK: Keys of providers

  private func findings(ofProvider entry: String) -> [String] {
    let text = """
      public_url: https://mcp.example.com
      routes:
        - path: /mcp
          upstream: {url: "http://127.0.0.1:9"}
          authorization:
            issuer: https://idp.example
            allowed_audience: [a]
      \(entry.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n"))
      """
    let loader = ConfigurationLoader(
      environment: { _ in nil }, readFile: { _ throws(TextFileError) in throw TextFileError(reason: "none") })
    let result = loader.load(text: text, file: "test.yaml")
    return (result.configuration.map { FileFindings.of($0, result.sources) } ?? []).map {
      "\($0.line) \($0.severity) \($0.path): \($0.message)"
    }
  }

  /// The gateway starts without its keys, and takes them once they are there.
  @Test func aKeySetThatIsNotThereYet() throws {
    let missing = "\(files.path)/missing"
    let place = "8 warning routes[0].authorization.jwks_file: "
    #expect(
      findings(ofProvider: "jwks_file: \(missing)")
        == ["\(place)\(missing): cannot be read: No such file or directory"])
    for (text, message) in [
      ("[]", "not a JSON Web Key Set: no array \"keys\""), ("{\"keys\":[]}", "no key in it can be used"),
      ("{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}", "no key in it can be used"),
    ] {
      let file = try files.write(text)
      #expect(findings(ofProvider: "jwks_file: \(file)") == ["\(place)\(file): \(message)"])
    }
    let key = try SigningKey.generate(.es256, kid: "k")
    let good = try files.write(
      String(decoding: JSONValue.object(["keys": [key.publicJWK]]).serialized(), as: UTF8.self))
    #expect(findings(ofProvider: "jwks_file: \(good)") == [])
  }

  @Test func theKeyThatTheGatewaySignsWith() throws {
    func findings(_ file: String) -> [String] {
      self.findings(ofProvider: "introspection: {client_id: c, private_key: \"\(file)\"}")
    }
    let place = "8 error routes[0].authorization.introspection.private_key: "
    let missing = "\(files.path)/missing"
    #expect(findings(missing) == ["\(place)\(missing): cannot be read: No such file or directory"])
    let nonsense = try files.write("nonsense")
    #expect(findings(nonsense).count == 1)
    #expect(findings(nonsense).first?.hasPrefix("\(place)\(nonsense): holds no private key") == true)
    #expect(findings(try files.write(authority.keyPEM)) == [])
  }
}
