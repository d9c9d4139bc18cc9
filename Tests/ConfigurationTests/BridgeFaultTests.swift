import Configuration
import Testing

/// What is refused in an entry of `bridges`.
struct BridgeFaultTests {
  private static let key = String(repeating: "0123456789abcdef", count: 4)

  /// A line of the bridge in the place of another one, or behind the last one in line 14, and what follows.
  private static let cases: [(old: String, new: String, findings: [String])] = [
    ("name: corporate\n    client_id", "client_id", ["11:5: error: bridges[0].name: is missing"]),
    (
      "name: corporate", "name: Corporate",
      [
        "11:11: error: bridges[0].name: expected 1 to 32 lower-case letters, digits and dashes, found \"Corporate\""
      ]
    ),
    ("    client_id: gateway\n", "", ["11:5: error: bridges[0].client_id: is missing"]),
    (
      "    sealing_keys_file: /etc/portcullis/bridge.keys\n", "",
      ["11:5: error: bridges[0].sealing_keys_file: is missing"]
    ),
    ("/etc/portcullis/bridge.keys", "a", ["13:24: error: bridges[0].sealing_keys_file: \"a\" is not an absolute path"]),
    (
      "", "sealing_keys: [{id: a, key: \"${KEY}\"}]",
      ["14:19: error: bridges[0].sealing_keys: sealing_keys_file says already where the keys are"]
    ),
    (
      "sealing_keys_file: /etc/portcullis/bridge.keys", "sealing_keys: []",
      ["13:19: error: bridges[0].sealing_keys: the list is empty"]
    ),
    (
      "sealing_keys_file: /etc/portcullis/bridge.keys",
      "sealing_keys: [{id: a b}, {key: \"${KEY}\"}, {id: a, key: abc}]",
      [
        "13:20: error: bridges[0].sealing_keys[0].key: is missing",
        "13:25: error: bridges[0].sealing_keys[0].id: expected 1 to 32 letters, digits and ._-, found \"a b\"",
        "13:31: error: bridges[0].sealing_keys[1].id: is missing",
        "13:61: warning: bridges[0].sealing_keys[2].key: whoever can read this file can read the secret",
        "13:61: error: bridges[0].sealing_keys[2].key: the key is not 64 hexadecimal digits, which are 32 bytes",
      ]
    ),
    (
      "sealing_keys_file: /etc/portcullis/bridge.keys",
      "sealing_keys: [{id: a, key: \"${KEY}\"}, {id: a, key: \"${ZEROS}\"}, {id: b, key: \"***\"}]",
      [
        "13:49: error: bridges[0].sealing_keys[1].id: \"a\" is the id of a key above",
        "13:57: error: bridges[0].sealing_keys[1].key: the key is one byte over and over",
        "13:83: error: bridges[0].sealing_keys[2].key: \"***\" stands for a secret that was not shown",
      ]
    ),
    ("", "path: /oauth/", ["14:11: error: bridges[0].path: the path ends in a slash"]),
    (
      "", "path: /.well-known/a",
      ["14:11: error: bridges[0].path: /.well-known belongs to the gateway's own documents"]
    ),
    (
      "", "public_url: http://mcp.example.com",
      [
        "14:17: error: bridges[0].public_url: clients must not send tokens over plain http to \"mcp.example.com\""
      ]
    ),
    (
      "", "client_secret: \"${KEY}\"\n    private_key: /k.pem",
      ["15:18: error: bridges[0].private_key: two ways to authenticate are given"]
    ),
    (
      "", "auth_method: client_secret_post\n    key_id: a",
      [
        "14:18: error: bridges[0].auth_method: auth_method has no effect without client_secret and private_key",
        "15:13: error: bridges[0].key_id: key_id has no effect without client_secret and private_key",
      ]
    ),
    ("", "tokens: warp", ["14:13: error: bridges[0].tokens: expected passthrough or wrap, found \"warp\""]),
    (
      "", "wrapped_token_lifetime: 25h\n    refresh_token_lifetime: 1m\n    remember_consent: 366d",
      [
        "14:29: error: bridges[0].wrapped_token_lifetime: expected a duration from 1m to 24h, found \"25h\"",
        "14:29: warning: bridges[0].wrapped_token_lifetime: wrapped_token_lifetime has no effect without \"tokens: wrap\"",
        "15:29: error: bridges[0].refresh_token_lifetime: expected a duration from 1h to 730d, found \"1m\"",
        "16:23: error: bridges[0].remember_consent: expected a duration from 0ms to 365d, found \"366d\"",
      ]
    ),
    (
      "", "registration_limit: 0\n    registration_lifetime: 59m",
      [
        "14:25: error: bridges[0].registration_limit: expected a whole number from 1 to 1000000, found \"0\"",
        "15:28: error: bridges[0].registration_lifetime: expected a duration from 1h to 3650d, found \"59m\"",
      ]
    ),
    (
      "", "scope_prefix: a b\n    extra_scopes: [a, '\"']\n    dropped_scopes: [b, a]",
      [
        "14:19: error: bridges[0].scope_prefix: expected one scope without spaces, quotes or backslashes, found \"a b\"",
        "15:23: error: bridges[0].extra_scopes[1]: expected one scope without spaces, quotes or backslashes, found \"\"\"",
        "16:25: error: bridges[0].dropped_scopes[1]: \"a\" is in extra_scopes, too",
      ]
    ),
    (
      "", "tokens: wrap\n    wrapped_claims: id_token\n    dropped_scopes: [openid]",
      ["16:22: error: bridges[0].dropped_scopes[0]: wrapped_claims: id_token needs \"openid\""]
    ),
    (
      "", "resource: api",
      ["14:15: error: bridges[0].resource: expected an absolute URI without a fragment, found \"api\""]
    ),
    (
      "", "authorization_parameters: {state: a, scope: b, \"a b\": c, prompt: [d]}",
      [
        "14:32: error: bridges[0].authorization_parameters.state: the gateway itself gives \"state\" with each request",
        "14:42: error: bridges[0].authorization_parameters.scope: \"scope\" has a key of its own",
        "14:52: error: bridges[0].authorization_parameters.a b: \"a b\" is not the name of a parameter",
        "14:70: error: bridges[0].authorization_parameters.prompt: expected text, found a list",
      ]
    ),
    (
      "", "authorization_endpoint: http://idp.example/a\n    token_endpoint: https://idp.example/t#a",
      [
        "14:29: error: bridges[0].authorization_endpoint: codes, tokens and secrets sent over plain http can be read on "
          + "the way",
        "15:21: error: bridges[0].token_endpoint: a fragment cannot be part of this URL",
      ]
    ),
    (
      "", "clients: [{client_id: a}, {client_id: 'https://a.example/c', redirect_uris: []}, {redirect_uris: ['a:b']}]",
      [
        "14:15: error: bridges[0].clients[0].redirect_uris: is missing",
        "14:43: error: bridges[0].clients[1].client_id: a client whose identifier is a URL describes itself there",
        "14:81: error: bridges[0].clients[1].redirect_uris: the list is empty",
        "14:86: error: bridges[0].clients[2].client_id: is missing",
      ]
    ),
    (
      "", "clients: [{client_id: a, redirect_uris: ['a:b']}, {client_id: a, redirect_uris: ['a:b']}]",
      ["14:67: error: bridges[0].clients[1].client_id: \"a\" is a client above"]
    ),
    (
      "", "clients: [{client_id: registered-a, redirect_uris: ['a:b']}]",
      [
        "14:27: error: bridges[0].clients[0].client_id: \"registered-\" is what the identifiers of registered clients "
          + "begin with in logs and tokens"
      ]
    ),
    (
      "", "client_metadata_documents: {allowed_hosts: [a:80, 'https://a'], internal_hosts: [A], ca: a, url: b}",
      [
        "14:49: error: bridges[0].client_metadata_documents.allowed_hosts[0]: a port cannot be part of it",
        "14:55: error: bridges[0].client_metadata_documents.allowed_hosts[1]: \"https://a\" does not end in a port number",
        "14:86: error: bridges[0].client_metadata_documents.internal_hosts[0]: \"A\" has upper-case letters",
        "14:94: error: bridges[0].client_metadata_documents.ca: \"a\" is not an absolute path",
        "14:97: error: bridges[0].client_metadata_documents.url: unknown key \"url\"",
      ]
    ),
    ("", "clinet: a", ["14:5: error: bridges[0].clinet: unknown key \"clinet\""]),
  ]

  @Test(arguments: cases)
  func reportsFaults(old: String, new: String, findings: [String]) {
    let text = old.isEmpty ? Fixture.bridged([new]) : Fixture.bridged().replacing(old, with: new)
    let result = Fixture.load(text, environment: ["KEY": Self.key, "ZEROS": String(repeating: "0", count: 64)])
    #expect(Fixture.findings(result) == findings)
    #expect(result.configuration == nil)
    #expect(result.diagnostics.allSatisfy { !$0.rendered.contains(Self.key) })
  }

  @Test(arguments: [
    "https://app.example.com/cb", "https://app.example.com:8443/cb?a=b%20c", "http://localhost/cb",
    "http://localhost:1234/cb", "http://127.0.0.1/", "http://[::1]:80/cb", "cursor://anysphere.cursor/callback",
    "com.example.app:/cb", "vscode://x",
  ])
  func acceptsRedirectURIs(_ uri: String) {
    let lines = ["clients: [{client_id: a, redirect_uris: ['\(uri)']}]"]
    #expect(Fixture.findings(Fixture.bridged(lines)) == [])
  }

  @Test(arguments: [
    ("http://app.example.com/cb", "codes sent over plain http to \"app.example.com\" can be read on the way"),
    ("javascript:alert(1)", "javascript: leads to no application"),
    ("data:text/html,a", "data: leads to no application"),
    ("file:///etc/passwd", "file: leads to no application"),
    (
      "JavaScript:alert(1)",
      "\"JavaScript:alert(1)\" is not an absolute URI without a fragment, with a scheme in lower case"
    ),
    (
      "https://a.example/#b",
      "\"https://a.example/#b\" is not an absolute URI without a fragment, with a scheme in lower case"
    ),
    ("/cb", "\"/cb\" is not an absolute URI without a fragment, with a scheme in lower case"),
    ("https:///cb", "the host is missing"),
    ("https://a@b.example/cb", "user names and passwords cannot be part of it"),
  ])
  func refusesRedirectURIs(_ uri: String, _ finding: String) {
    let lines = ["clients: [{client_id: a, redirect_uris: ['\(uri)']}]"]
    #expect(
      Fixture.findings(Fixture.bridged(lines)) == ["14:46: error: bridges[0].clients[0].redirect_uris[0]: \(finding)"])
  }

  @Test(arguments: [16, 17])
  func keysAreFew(_ count: Int) {
    let keys = (0..<count).map { "{id: k\($0), key: \"${KEY}\"}" }.joined(separator: ", ")
    let text = Fixture.bridged().replacing(
      "sealing_keys_file: /etc/portcullis/bridge.keys", with: "sealing_keys: [\(keys)]")
    let findings = Fixture.findings(Fixture.load(text, environment: ["KEY": Self.key]))
    #expect(findings == (count > 16 ? ["13:19: error: bridges[0].sealing_keys: there are more than 16 keys"] : []))
  }

  @Test func aListOfBridgesIsNotEmpty() {
    #expect(Fixture.findings(Fixture.minimal + "bridges: []\n") == ["9:10: error: bridges: the list is empty"])
  }
}
