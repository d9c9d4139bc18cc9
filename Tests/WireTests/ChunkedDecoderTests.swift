import Bytes
import Testing

@testable import Wire

struct ChunkedDecoderTests {
  /// The data, whether the last chunk came, and what is left of the input behind it.
  private func decode(_ pieces: [[UInt8]]) -> [String] {
    var decoder = ChunkedDecoder()
    var data = ""
    do throws(WireFault) {
      for (index, piece) in pieces.enumerated() {
        let rest = try piece.lend { (bytes) throws(WireFault) -> String? in
          var input = bytes
          while true {
            switch try decoder.next(&input) {
            case .needMore: return nil
            case .data(let bytes): data += bytes.text
            case .trailers: return input.text
            }
          }
        }
        if let rest {
          let behind = pieces[(index + 1)...].map { String(decoding: $0, as: UTF8.self) }.joined()
          return [data, "trailers", rest + behind]
        }
      }
      return [data, "more"]
    } catch {
      return [data, error.reason.description]
    }
  }

  @Test(arguments: [
    ("0\r\n", ["", "trailers", ""]),
    ("0\r\n\r\nGET /", ["", "trailers", "\r\nGET /"]),
    ("0;last\r\nX: y", ["", "trailers", "X: y"]),
    ("000000000000000\r\n", ["", "trailers", ""]),
    ("3\r\nabc\r\n0\r\n", ["abc", "trailers", ""]),
    ("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", ["abc", "trailers", "\r\n"]),
    ("00001;a=b;c=\"d;e\"\r\nx\r\n", ["x", "more"]),
    ("A\r\n0123456789\r\na\r\n0123456789\r\n", ["01234567890123456789", "more"]),
    ("2\r\n\r\n\r\n", ["\r\n", "more"]),
    ("7FFFFFFFFFFFFFF\r\nab", ["ab", "more"]),
    ("", ["", "more"]), ("5", ["", "more"]), ("5\r", ["", "more"]), ("5\r\nab", ["ab", "more"]),
    ("1\r\na\r", ["a", "more"]),
    ("5\n", ["", "bad_chunk_size"]), ("\n", ["", "bad_chunk_size"]), ("1\r\nab", ["a", "chunk_data_too_long"]),
    ("1\r\na\r\n-1\r\n", ["a", "bad_chunk_size"]), ("FFFFFFFFFFFFFFFF\r\n", ["", "bad_chunk_size"]),
    ("10000000000000000\r\n", ["", "bad_chunk_size"]), ("1;\n", ["", "bad_chunk_extension"]),
  ])
  func decodes(_ input: String, _ expected: [String]) {
    Pieces.expectSame(input, expected) { decode($0) }
  }

  @Test func extensionsHaveALimit() {
    func line(_ length: Int) -> String { "1;\(String(repeating: "x", count: length))\r\na" }
    #expect(decode(Pieces.whole(line(255))) == ["a", "more"])
    #expect(decode(Pieces.whole(line(256))) == ["", "chunk_line_too_long"])
    #expect(decode(Pieces.single(line(256))) == ["", "chunk_line_too_long"])
    // The limit is one of each line, not of the body.
    #expect(decode(Pieces.whole(String(repeating: "\(line(200))\r\n", count: 20))).last == "more")
  }

  @Test func theDataIsLentNotCopied() throws {
    var decoder = ChunkedDecoder()
    let input = [UInt8]("5\r\nhello".utf8)
    try input.lend { bytes in
      var rest = bytes
      guard case .data(let data) = try decoder.next(&rest) else {
        Issue.record("no data")
        return
      }
      #expect(data.baseAddress == bytes.baseAddress.map { $0 + 3 })
    }
  }
}
