import JSON
import Pipeline
import Stages
import Testing

struct ResourceMetadataTests {
  private let stage = ResourceMetadata(document: Array("{\"resource\":\"x\"}".utf8))

  @Test(arguments: ["GET", "HEAD"])
  func theDocumentIsPublic(_ method: String) throws {
    let verdict = stage.handle(.request(method, "/.well-known/oauth-protected-resource/mcp"))
    #expect(verdict.words == "respond 200")
    let reply = try #require(verdict.reply)
    #expect(reply.body == Array("{\"resource\":\"x\"}".utf8))
    #expect(reply.field("Content-Type") == "application/json")
    #expect(reply.field("Cache-Control") == "max-age=300")
    #expect(reply.field("Access-Control-Allow-Origin") == "*")
  }

  @Test func preflight() throws {
    let verdict = stage.handle(.request("OPTIONS"))
    #expect(verdict.words == "respond 204")
    #expect(verdict.reply?.field("Access-Control-Allow-Origin") == "*")
    #expect(verdict.reply?.field("Access-Control-Allow-Headers") == "content-type, authorization, mcp-protocol-version")
    #expect(verdict.reply?.body.isEmpty == true)
  }

  @Test(arguments: ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PURGE"])
  func nothingElseIsAllowed(_ method: String) throws {
    let verdict = stage.handle(.request(method))
    #expect(verdict.words == "respond 405")
    let reply = try #require(verdict.reply)
    #expect(reply.field("Allow") == "GET, HEAD, OPTIONS")
    #expect(try JSONValue.parse(reply.body)["error"] == "method_not_allowed")
  }
}
