import Pipeline
import Stages
import Testing

struct ReadinessPageTests {
  @Test(arguments: [
    ([], 200, "ready\n"), (["no keys of https://a"], 503, "no keys of https://a\n"),
    (["draining", "no keys of https://a"], 503, "draining\nno keys of https://a\n"),
  ])
  func saysWhatIsInTheWay(_ obstacles: [String], _ status: Int, _ body: String) throws {
    let reply = try #require(ReadinessPage { obstacles }.handle(.request("GET", "/readyz")).reply)
    #expect(reply.status == status)
    #expect(String(decoding: reply.body, as: UTF8.self) == body)
    #expect(reply.field("Content-Type") == "text/plain; charset=utf-8")
    #expect(reply.field("Cache-Control") == "no-store")
  }

  @Test func looksAnewEachTime() {
    var obstacles = ["x"]
    let page = ReadinessPage { obstacles }
    #expect(page.handle(.request("HEAD", "/readyz")).words == "respond 503")
    obstacles = []
    #expect(page.handle(.request("HEAD", "/readyz")).words == "respond 200")
  }

  @Test func canOnlyBeRead() {
    #expect(ReadinessPage { ["x"] }.handle(.request("POST", "/readyz")).words == "respond 405")
  }
}
