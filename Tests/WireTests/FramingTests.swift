import Bytes
import HTTP
import Testing

@testable import Wire

struct FramingTests {
  private func request(_ fields: [(String, String)], _ version: Version = .http11) throws(WireFault) -> Framing {
    let head = RequestHead()
    head.version = version
    Self.fill(head.fields, fields)
    return try Framing.ofRequest(head)
  }

  private func response(
    _ status: Int, _ fields: [(String, String)], _ method: Method = .get, _ version: Version = .http11
  ) throws(WireFault) -> Framing {
    let head = ResponseHead()
    head.status = status
    head.version = version
    Self.fill(head.fields, fields)
    return try Framing.ofResponse(head, to: method)
  }

  private static func fill(_ target: Fields, _ fields: [(String, String)]) {
    for (name, value) in fields {
      [UInt8](name.utf8).lend { name in [UInt8](value.utf8).lend { target.append(name, $0) } }
    }
  }

  @Test func requestsWithoutAWordHaveNoBody() throws {
    #expect(try request([]) == .none)
    #expect(try request([("Content-Length", "0")]) == .none)
    #expect(try request([("Content-Length", "000")]) == .none)
    #expect(try request([], .http10) == .none)
  }

  @Test func theLargestLengthHas18Digits() throws {
    let digits = "999999999999999999"
    #expect(try request([("Content-Length", digits)]) == .length(999_999_999_999_999_999))
    #expect(throws: WireFault(400, "bad_content_length")) { try request([("Content-Length", digits + "9")]) }
  }

  @Test(arguments: ["chunked", "CHUNKED", "Chunked"])
  func chunkedInAnyCase(_ value: String) throws {
    #expect(try request([("transfer-encoding", value)]) == .chunked)
    #expect(try response(200, [("Transfer-Encoding", value)]) == .chunked)
  }

  @Test(arguments: [
    (200, Method.get, Framing.length(5)), (200, .head, .none), (204, .get, .none), (304, .get, .none),
    (100, .get, .none), (103, .post, .none), (205, .get, .length(5)), (404, .post, .length(5)),
    (599, .options, .length(5)),
  ])
  func statusAndMethodDecide(_ status: Int, _ method: Method, _ framing: Framing) throws {
    #expect(try response(status, [("Content-Length", "5")], method) == framing)
  }

  @Test func aResponseWithoutAWordEndsWithTheConnection() throws {
    #expect(try response(200, []) == .untilClose)
    #expect(try response(200, [], .get, .http10) == .untilClose)
    #expect(try response(200, [("Content-Length", "0")]) == .none)
  }

  @Test func aBadLengthIsRefusedEvenWhereItWouldNotCount() {
    #expect(throws: WireFault(400, "bad_content_length")) { try response(304, [("Content-Length", "x")]) }
    #expect(throws: WireFault(400, "repeated_content_length")) {
      try response(200, [("Content-Length", "1"), ("Content-Length", "1")], .head)
    }
  }

  @Test func lengthsForTheStages() {
    #expect(Framing.none.bodyLength == .none)
    #expect(Framing.length(3).bodyLength == .known(3))
    #expect(Framing.chunked.bodyLength == .unknown)
    #expect(Framing.untilClose.bodyLength == .unknown)
  }
}
