import Configuration
import Testing

@testable import Gateway

/// Files that a bridge names.
struct BridgeFileFindingsTests {
  private let files: TestFiles
  private let authority: TestAuthority
  private static let key = String(repeating: "0123456789abcdef", count: 4)

  init() throws {
    files = try TestFiles()
    authority = try TestAuthority()
  }

  private func findings(keys: String, _ more: String) -> [String] {
    let text = """
      public_url: https://mcp.example.com
      bridges:
        - name: corporate
          sealing_keys_file: \(keys)
          client_id: gateway
          \(more)
      routes:
        - path: /mcp
          upstream: {url: "http://127.0.0.1:9"}
          authorization: {issuer: "https://idp.example", allowed_audience: [a], bridge: corporate}
      """
    let loader = ConfigurationLoader(
      environment: { _ in nil }, readFile: { _ throws(TextFileError) in throw TextFileError(reason: "none") })
    let result = loader.load(text: text, file: "test.yaml")
    #expect(result.diagnostics.isEmpty)
    return (result.configuration.map { FileFindings.of($0, result.sources) } ?? []).map {
      #expect(!$0.rendered.contains(Self.key))
      return "\($0.line) \($0.severity) \($0.path): \($0.message)"
    }
  }

  @Test func sealingKeys() throws {
    let place = "4 error bridges[0].sealing_keys_file: "
    let missing = "\(files.path)/missing"
    #expect(findings(keys: missing, "") == ["\(place)\(missing): cannot be read: No such file or directory"])
    for (text, message) in [
      ("# none\n", "holds no key"), (Self.key, "line 1: not an id and a key, separated by a space"),
      ("a \(Self.key)\nb \(Self.key)0\n", "line 2: the key is not 64 hexadecimal digits"),
    ] {
      let file = try files.write(text)
      #expect(findings(keys: file, "") == ["\(place)\(file): \(message)"])
    }
    #expect(findings(keys: try files.write("# ours\na \(Self.key)\n"), "") == [])
  }

  @Test func theClientsKeyAndAuthorities() throws {
    let keys = try files.write("a \(Self.key)\n")
    let key = try files.write(authority.keyPEM)
    let ca = try files.write(authority.pem)
    let nonsense = try files.write("nonsense")
    #expect(
      findings(keys: keys, "private_key: \(key)\n    client_metadata_documents: {ca: \(ca)}") == [])
    let found = findings(keys: keys, "private_key: \(nonsense)\n    client_metadata_documents: {ca: \(nonsense)}")
    #expect(found.count == 2, "\(found)")
    #expect(found.first?.hasPrefix("6 error bridges[0].private_key: \(nonsense): holds no private key") == true)
    #expect(found.last?.hasPrefix("7 error bridges[0].client_metadata_documents.ca: \(nonsense): ") == true)
  }
}
