import Testing
@testable import Web

@Suite struct LocalRequestTests {
  private func request(_ fields: (name: String, value: String)...) -> LocalRequest {
    LocalRequest(method: "POST", path: "/", fields: fields)
  }

  @Test(arguments: [
    ("application/json, text/event-stream", true),
    ("text/event-stream;q=0.5", true),
    ("TEXT/Event-Stream", true),
    ("text/*", true),
    ("application/json, */*;q=0.1", true),
    ("application/json", false),
    ("text/event-streams", false),
    ("", false),
  ])
  func acceptsEventStreams(accept: String, expected: Bool) {
    #expect(request(("accept", accept)).accepts("text", "event-stream") == expected)
  }

  @Test func acceptsAnythingWithoutTheField() {
    #expect(request().accepts("text", "html"))
  }

  @Test func repeatedAcceptFieldsAreOneList() {
    #expect(request(("accept", "application/json"), ("accept", "text/html")).accepts("text", "html"))
  }

  @Test(arguments: [
    ("application/json", "application/json"),
    (" Application/JSON ; charset=utf-8", "application/json"),
    ("", ""),
  ])
  func mediaTypeIsBare(value: String, expected: String) {
    #expect(request(("content-type", value)).mediaType == expected)
    #expect(request().mediaType == nil)
  }

  @Test func findsCookies() {
    let request = request(("cookie", "a=1; session=abc=; b"), ("cookie", "other=2"))
    #expect(request.cookie("session") == "abc=")
    #expect(request.cookie("other") == "2")
    #expect(request.cookie("b") == nil)
    #expect(request.cookie("A") == nil)
    #expect(request.cookies.map(\.name) == ["a", "session", "other"])
  }
}
