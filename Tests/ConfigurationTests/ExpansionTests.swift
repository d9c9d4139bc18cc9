import Configuration
import Glibc
import Testing

/// `expanded()` and the files that the project ships.
struct ExpansionTests {
  private static let full = """
    public_url: https://mcp.example.com
    allowed_hosts: [lb.internal]
    listeners:
      - {address: "[::1]:0"}
      - {address: "unix:/run/a b.sock", backlog: 3, http2: false, proxy_protocol: [unix], trusted_proxies: ["::1"]}
      - address: 0.0.0.0:443
        tls:
          min_version: 1.3
          certificates:
            - {certificate: "/etc/a b.pem", key: "/etc/$${x}.pem", ocsp_response: /etc/ocsp.der}
            - {certificate: /etc/both.pem, key: /etc/both.pem}
          ticket_keys: /etc/ticket.keys
          client_ca: /etc/clients.pem
          client_certificate: optional
        proxy_protocol: [10.0.0.0/8, "fd00::/8"]
        trusted_proxies: [192.0.2.7]
      - address: 0.0.0.0:8443
        tls: {certificates: [{certificate: /a.pem, key: /a.key}], client_ca: /ca.pem}
    routes:
      - path: /mcp
        upstream:
          {url: "http://127.0.0.1:8000", socket: "/run/$${mcp}.sock", max_waiting: 0, idle_timeout: 1500ms}
        authorization:
          discovery_url: http://127.0.0.1:9000/.well-known/openid-configuration
          issuer: https://idp.example.com/
          allowed_audience: ["true", "0123", "a: b", "$${x}", "quote \\" and \\\\", "Zoë"]
          allowed_clients: ["off"]
          allowed_scopes: ["${A}", b, "mcp:tools"]
          advertised_scope_mapping: {"${A}": "$${B}", "mcp:tools": "api://x/mcp"}
          custom_claims:
            - inbound_token_claim_name: cid
              inbound_token_claim_value_type: STRING
              authorizing_claim_match_value:
                {claim_match_operator: EQUALS, claim_match_value: {match_value_string: a}}
            - inbound_token_claim_name: groups
              inbound_token_claim_value_type: STRING_ARRAY
              authorizing_claim_match_value:
                {claim_match_operator: CONTAINS, claim_match_value: {match_value_string: a}}
            - inbound_token_claim_name: groups
              inbound_token_claim_value_type: STRING_ARRAY
              authorizing_claim_match_value:
                claim_match_operator: CONTAINS_ANY
                claim_match_value: {match_value_string_list: [a, "b c"]}
            - any_of:
                - inbound_token_claim_name: realm_access.roles
                  inbound_token_claim_value_type: STRING_ARRAY
                  authorizing_claim_match_value:
                    {claim_match_operator: CONTAINS, claim_match_value: {match_value_string: a}}
                - inbound_token_claim_name: department
                  inbound_token_claim_value_type: STRING
                  authorizing_claim_match_value:
                    {claim_match_operator: EQUALS_ANY, claim_match_value: {match_value_string_list: [a, "$${b}"]}}
          clock_skew: 0s
          allow_plaintext_provider: true
          provider_ca: /etc/idp.pem
          certificate_bound_tokens: true
          allowed_certificate_subjects: ["CN=agent-7,O=Example", 'CN=a\\,b']
          token_cache_entries: 0
          provider: workos
          keys_refresh: 1m
          provider_proxy: http://[::1]:3128
          allowed_algorithms: [ES256, EdDSA]
          token_type: at+jwt
          client_id_claims: ["a b"]
          scope_claims: ["$${c}"]
          scope_match: all
          scope_hierarchy: {"mcp:tools": [b, "$${x}"], b: [c]}
          introspection: {client_id: gateway, client_secret: "${SECRET}", tokens: all, cache: 0s}
          dpop: {mode: required, nonce: true, max_age: 90s, algorithms: [ES256]}
          token_cache_size: 1000000
        metadata:
          {resource_name: "Tools: #1", resource_documentation: "https://d.example", scopes_supported: []}
        identity_headers: {subject: off, client: X-Client}
        allowed_origins: ["http://localhost:6274"]
      - path: /open
        name: open
        public_url: "http://localhost:8080"
        upstream: {url: "http://a/b"}
        authorization: none
      - path: /secure
        upstream: {url: "https://a.example:8443/b", http2: always}
        authorization: none
      - path: /pinned
        upstream:
          url: https://[::1]
          http2: never
          tls: {ca: /etc/ca.pem, server_name: tools.internal, certificate: /c.pem, key: /k.pem}
        authorization: none
      - path: /several
        upstream: {url: "http://a"}
        authorization:
          - {provider: google, issuer: "https://accounts.example", allowed_audience: [a], allowed_scopes: [s, t],
             introspection: {endpoint: "https://g.example/introspect", client_id: a, private_key: /a.key, key_id: k}}
          - {issuer: "https://b.example/t/", jwks_uri: "https://b.example/keys", allowed_audience: [b],
             allowed_scopes: [t, u],
             introspection: {endpoint: "https://b.example/i", client_id: b, client_secret: "${file:secret}",
                             auth_method: client_secret_post}}
          - {issuer: "https://c.example", jwks_file: "/etc/c keys.json", allowed_audience: [c], dpop: {}}
    limits: {failed_tokens: 0, body_size: 0, target_size: 1000, handshakes: 1, streams: 10000}
    timeouts: {drain: 1ms, handshake: 3s}
    admin: {address: "unix:/run/admin.sock"}
    log: {level: error, access: false}
    key_cache_directory: /var/lib/portcullis
    workers: 8
    """

  private static let bridged = """
    public_url: https://mcp.example.com
    bridges:
      - name: corporate
        sealing_keys: [{id: "2026-11", key: "${BRIDGE_KEY}"}, {id: a.b, key: "${file:key}"}]
        client_id: "a b"
        private_key: /etc/client.key
        key_id: k
        tokens: wrap
        wrapped_claims: id_token
        wrapped_token_lifetime: 90s
        refresh_token_lifetime: 24h
        scope_prefix: "api://x/"
        extra_scopes: [email]
        dropped_scopes: [profile]
        resource: "urn:a"
        audience: "https://api $${x}"
        authorization_parameters: {access_type: offline, "a.b-c": "$${x}"}
        refresh_with_scope: true
        authorization_endpoint: "https://login.example.com/authorize?p=a"
        token_endpoint: https://login.example.com/token
        revocation_endpoint: https://login.example.com/revoke
        clients:
          - {client_id: kiro, client_name: "Kiro: #1", redirect_uris: ["http://localhost/oauth/callback", "kiro://a/b"]}
          - {client_id: "true", redirect_uris: ["https://app.example.com/cb?x=1"]}
        registration: false
        registration_limit: 1
        registration_lifetime: 36h
        client_metadata_documents: {allowed_hosts: [], internal_hosts: [apps.corp.example, "[::1]"], ca: /etc/ca.pem}
        remember_consent: 0s
      - name: google
        path: /
        public_url: https://google.example.com
        sealing_keys_file: /etc/google.keys
        client_id: a
        client_secret: ${SECRET}
        auth_method: client_secret_post
        authorization_parameters: {}
        extra_scopes: []
        client_metadata_documents: {enabled: false}
      - {name: "1", path: /b/c, sealing_keys_file: /etc/b.keys, client_id: b}
    routes:
      - path: /mcp
        upstream: {url: "http://a"}
        authorization:
          - {issuer: "https://a.example", allowed_audience: [a], bridge: corporate}
          - {provider: google, allowed_audience: [a], bridge: google}
      - path: /b
        upstream: {url: "http://b"}
        authorization:
          provider: entra
          issuer: https://login.microsoftonline.com/a/v2.0
          allowed_audience: [66666666-7777-8888-9999-000000000000, "api://66666666-7777-8888-9999-000000000000"]
          allowed_scopes: [tools.read]
          bridge: "1"
    """

  private static let key = "51dec7e74bde1a5bf1c2e00ee28ce0cc4ea8c0f1d7e4ac1dd6f10fcd2d9db5a6"

  private static func load(_ text: String) -> LoadResult {
    Fixture.load(
      text,
      environment: ["A": "${A}", "SECRET": "hidden 1", "BRIDGE_KEY": key],
      files: ["conf/secret": "hidden 2\n", "conf/key": "\(key.uppercased())\n"])
  }

  @Test(arguments: [Fixture.minimal, full, Fixture.bridged(), bridged])
  func loadsToTheSameConfiguration(text: String) throws {
    let first = Self.load(text)
    #expect(first.diagnostics.isEmpty)
    let configuration = try #require(first.configuration)
    #expect(!configuration.expanded().contains("hidden"))
    #expect(!configuration.expanded().lowercased().contains(Self.key))
    let second = Self.load(configuration.expanded())
    #expect(Fixture.findings(second) == [])
    #expect(second.configuration == configuration)
    #expect(second.configuration?.expanded() == configuration.expanded())
  }

  private static let root = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined()

  private static let samples = ["portcullis.yaml", "edge-tls.yaml", "bridge.yaml"]

  private static func sample(_ name: String) throws(TextFileError) -> String {
    try TextFile.read("\(root)/conf/\(name)")
  }

  @Test(arguments: samples)
  func theSamplesAreValid(name: String) throws {
    let result = Fixture.load(try Self.sample(name))
    #expect(Fixture.findings(result) == [])
    #expect(result.configuration?.routes.count == 1)
  }

  /// The samples show every key of the schema, if only in a comment.
  @Test func theSamplesNameEveryKey() throws {
    let sample = try Self.samples.map { try Self.sample($0) }.joined()
    let expanded = try [Self.full, Self.bridged].map { text in
      try #require(Self.load(text).configuration).expanded()
    }
    for line in expanded.joined().split(separator: "\n") {
      let key = line.drop { " -".contains($0) }.prefix { $0.isLetter || $0 == "_" }
      guard !key.isEmpty, line.contains("\(key):") else { continue }
      #expect(sample.contains("\(key):") || sample.contains(key))
    }
  }

  @Test func theExamplesInTheReferenceAreValid() throws {
    let blocks = try TextFile.read("\(Self.root)/docs/configuration.md").split(separator: "```yaml\n")
      .dropFirst()
    #expect(blocks.count > 4)
    for block in blocks {
      let text = String(block[..<(block.firstRange(of: "```")?.lowerBound ?? block.endIndex)])
      #expect(text.hasPrefix("public_url:"))
      #expect(Fixture.findings(text) == [])
    }
  }
}
