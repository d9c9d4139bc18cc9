import HTTP
import Testing

struct ResponseHeadTests {
  @Test func informationalStatuses() {
    let head = ResponseHead()
    for (status, isInformational) in [(100, true), (103, true), (199, true), (200, false), (599, false)] {
      head.status = status
      #expect(head.isInformational == isInformational)
    }
  }

  @Test func clearingForgetsEverything() {
    let head = ResponseHead()
    head.status = 500
    head.version = .http10
    head.fields.append("A", "b")
    head.clear()
    #expect(head.status == 200)
    #expect(head.version == .http11)
    #expect(head.fields.isEmpty)
  }
}
