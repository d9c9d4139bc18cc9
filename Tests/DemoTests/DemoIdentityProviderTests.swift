import Demo
import JSON
import Testing
import Web

@Suite struct DemoIdentityProviderTests {
  @Test(arguments: ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"])
  func describesItself(path: String) throws {
    let reply = try TestBrowser().get(path)
    #expect(reply.status == 200)
    #expect(reply.field("content-type") == "application/json")
    #expect(reply.field("access-control-allow-origin") == "*")
    let document = reply.json
    #expect(document["issuer"] == .string(TestBrowser.issuer))
    for (name, path) in [
      ("authorization_endpoint", "/authorize"), ("token_endpoint", "/token"),
      ("registration_endpoint", "/register"),
      ("jwks_uri", "/jwks"), ("userinfo_endpoint", "/userinfo"),
    ] {
      #expect(document[name] == .string(TestBrowser.issuer + path))
    }
    #expect(document["code_challenge_methods_supported"] == ["S256"])
    #expect(document["token_endpoint_auth_methods_supported"] == ["none"])
    #expect(document["authorization_response_iss_parameter_supported"] == true)
    #expect(document["grant_types_supported"] == ["authorization_code", "refresh_token"])
    #expect(
      document["scopes_supported"]
        == ["mcp:tools", "mcp:admin", "openid", "profile", "email", "offline_access"])
  }

  @Test func publishesOnePublicKeyPerProcess() throws {
    let first = try TestBrowser().get("/jwks").json["keys"]?.arrayValue
    let second = try TestBrowser().get("/jwks").json["keys"]?.arrayValue
    #expect(first?.count == 1)
    #expect(first?.first?["d"] == nil)
    #expect(first?.first?["kid"]?.stringValue != second?.first?["kid"]?.stringValue)
  }

  @Test func signsWithRSAUnlessToldOtherwise() throws {
    let provider = try DemoIdentityProvider(issuer: TestBrowser.issuer, resource: TestBrowser.resource)
    let key = provider.answer(LocalRequest(method: "GET", path: "/jwks"), now: 0).json["keys"]?.arrayValue?
      .first
    #expect(key?["kty"] == "RSA")
    #expect(key?["alg"] == "RS256")
    let metadata = provider.answer(
      LocalRequest(method: "GET", path: "/.well-known/openid-configuration"), now: 0)
    #expect(metadata.json["id_token_signing_alg_values_supported"] == ["RS256"])
  }

  @Test(arguments: [
    ("POST", "/jwks", "GET, OPTIONS"),
    ("GET", "/token", "POST, OPTIONS"),
    ("GET", "/register", "POST, OPTIONS"),
    ("DELETE", "/authorize", "GET, POST, OPTIONS"),
    ("PUT", "/.well-known/openid-configuration", "GET, OPTIONS"),
  ])
  func refusesOtherMethods(method: String, path: String, allowed: String) throws {
    let reply = try TestBrowser().send(method, path)
    #expect(reply.status == 405)
    #expect(reply.field("allow") == allowed)
  }

  @Test(arguments: ["/", "/authorize/", "/.well-known/openid-configuration/x", "/favicon.ico"])
  func unknownPathsAreNotFound(path: String) throws {
    let reply = try TestBrowser().get(path)
    #expect(reply.status == 404)
    #expect(reply.json == ["error": "not_found"])
  }

  @Test(arguments: ["/.well-known/openid-configuration", "/jwks", "/register", "/token", "/userinfo"])
  func scriptsOfAnyOriginMayAsk(path: String) throws {
    let reply = try TestBrowser().send("OPTIONS", path)
    #expect(reply.status == 204)
    #expect(reply.field("access-control-allow-origin") == "*")
    #expect(reply.field("access-control-allow-headers")?.contains("mcp-protocol-version") == true)
  }

  @Test func scriptsMayNotReadTheSignInPage() throws {
    let browser = try TestBrowser()
    #expect(browser.send("OPTIONS", "/authorize").field("access-control-allow-origin") == nil)
    #expect(browser.authorize(browser.register()).field("access-control-allow-origin") == nil)
  }

  @Test func errorsAreReadableAcrossOriginsToo() throws {
    #expect(try TestBrowser().post("/token", [:]).field("access-control-allow-origin") == "*")
  }

  @Test func headIsAnsweredLikeGet() throws {
    #expect(try TestBrowser().send("HEAD", "/jwks").status == 200)
  }

  @Test(arguments: ["/jwks", "/authorize", "/nowhere", "/userinfo"])
  func nothingIsStored(path: String) throws {
    #expect(try TestBrowser().get(path).all("cache-control") == ["no-store"])
  }
}
