import Bytes
import HTTP
import Testing

struct RequestHeadTests {
  /// A head as a codec leaves it: the text is stored, the stretches are set.
  private func head(_ method: String, _ path: String, _ query: String? = nil, padding: Int = 0) -> RequestHead {
    let head = RequestHead()
    method.lend { _ = head.fields.store($0) }
    path.lend { _ = head.fields.store($0) }
    query?.lend { _ = head.fields.store($0) }
    String(repeating: "x", count: padding).lend { _ = head.fields.store($0) }
    let (methodLength, pathLength) = (method.utf8.count, path.utf8.count)
    head.setMethod(0, methodLength)
    head.setTarget(
      path: (methodLength, pathLength), query: query.map { (methodLength + pathLength, $0.utf8.count) })
    return head
  }

  @Test func readsItsStretches() {
    let head = head("PATCH", "/a/b", "c=d")
    #expect(head.method == .patch)
    #expect(head.methodName.text == "PATCH")
    #expect(head.path.text == "/a/b")
    #expect(head.query?.text == "c=d")
    #expect(head.authority == nil)
    head.setAuthority((5, 2))
    #expect(head.authority?.text == "/a")
  }

  /// What the log needs is still there; the rest is gone, and the head serves again.
  @Test func shedding() {
    let head = head("PATCH", "/a/b", "c=d", padding: 5000)
    head.fields.append("Host", "a")
    head.setAuthority((5, 2))
    "/other".lend { head.rewritePath($0, dropping: 2) }
    head.shed()
    #expect(head.method == .patch)
    #expect(head.methodName.text == "PATCH")
    #expect(head.path.text == "/a/b")
    #expect(head.originalPath.text == "/a/b")
    #expect(head.query == nil)
    #expect(head.authority == nil)
    #expect(head.fields.isEmpty)
    head.clear()
    head.shed()
    #expect(head.methodName.isEmpty)
  }

  @Test(arguments: [
    ("/mcp/x", "/base", 4, "/base/x"), ("/mcp", "/base", 4, "/base"), ("/mcp/x", "", 4, "/x"),
    ("/x", "/base", 0, "/base/x"),
  ])
  func rewriting(_ path: String, _ prefix: String, _ dropped: Int, _ expected: String) {
    let head = head("GET", path, "q")
    prefix.lend { head.rewritePath($0, dropping: dropped) }
    #expect(head.path.text == expected)
    #expect(head.originalPath.text == path)
    #expect(head.query?.text == "q")
  }

  /// The rest of the path is copied within a text that may have to move for it.
  @Test func rewritingWhileTheTextGrows() {
    for padding in 4_000...4_096 {
      let head = head("GET", "/route/and/a/longer/rest", padding: padding)
      "/another/base".lend { head.rewritePath($0, dropping: 6) }
      #expect(head.path.text == "/another/base/and/a/longer/rest")
      #expect(head.originalPath.text == "/route/and/a/longer/rest")
    }
  }

  @Test func clearingForgetsEverything() {
    let head = head("POST", "/a", "b")
    head.setAuthority((0, 4))
    head.version = .http10
    head.clear()
    #expect(head.method == .get)
    #expect(head.version == .http11)
    #expect(head.methodName.count == 0)
    #expect(head.path.count == 0)
    #expect(head.originalPath.count == 0)
    #expect(head.query == nil)
    #expect(head.authority == nil)
    #expect(head.fields.count == 0)
  }
}
