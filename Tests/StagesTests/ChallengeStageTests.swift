import Pipeline
import Stages
import Testing

struct ChallengeStageTests {
  private let stage = ChallengeStage(Challenge(metadataURL: "https://gw.example/m", scope: ["a"]))

  /// GW-01: for every method and whatever else the request says.
  @Test(arguments: ["GET", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD", "TRACE", "PURGE"])
  func withoutATokenEveryMethodIsChallenged(_ method: String) {
    let fields = [("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "http")]
    let verdict = stage.handle(
      .request(method, "/mcp/any/where", query: "access_token=abc", authority: "evil.example", fields: fields))
    #expect(verdict.words == "reject 401 token_missing")
    #expect(
      verdict.reply?.field("WWW-Authenticate") == "Bearer scope=\"a\", resource_metadata=\"https://gw.example/m\"")
  }

  @Test(arguments: ["Bearer abc", "Bearer", "bearer !"])
  func whatSaysBearerIsLeftToTheCheck(_ value: String) {
    #expect(stage.handle(.request(fields: [("Authorization", value)])).words == "proceed")
  }

  @Test func anotherSchemeIsNoToken() {
    #expect(stage.handle(.request(fields: [("Authorization", "Basic abc")])).words == "reject 401 token_missing")
  }
}
