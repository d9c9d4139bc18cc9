import JSON
import Testing

@testable import Bridge

@Suite struct AuthorizationServerMetadataTests {
  private func document(_ change: (inout BridgeSettings) -> Void = { _ in }) throws -> JSONValue {
    AuthorizationServerMetadata.document(try BridgeBench(change).context.settings)
  }

  @Test func saysWhatClientsNeed() throws {
    #expect(
      try document() == [
        "issuer": "https://mcp.example.com/oauth",
        "authorization_endpoint": "https://mcp.example.com/oauth/authorize",
        "token_endpoint": "https://mcp.example.com/oauth/token",
        "revocation_endpoint": "https://mcp.example.com/oauth/revoke",
        "response_types_supported": ["code"], "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"], "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": ["mcp:tools", "mcp:admin", "offline_access"],
        "registration_endpoint": "https://mcp.example.com/oauth/register",
        "client_id_metadata_document_supported": true,
      ])
  }

  @Test func doesNotPromiseWhatIsOff() throws {
    let document = try document {
      $0.clients.allowsRegistration = false
      $0.clients.allowsDocuments = false
      $0.provider.droppedScopes = ["offline_access"]
    }
    #expect(document["registration_endpoint"] == nil)
    #expect(document["client_id_metadata_document_supported"] == nil)
    #expect(document["scopes_supported"] == ["mcp:tools", "mcp:admin"])
  }

  @Test func scriptsOfAnyOriginMayReadIt() throws {
    let reply = AuthorizationServerMetadata.reply(try BridgeBench().context.settings)
    #expect(reply.field("access-control-allow-origin") == "*")
    #expect(reply.field("cache-control") == "public, max-age=300")
    #expect(reply.field("content-type") == "application/json")
  }
}
