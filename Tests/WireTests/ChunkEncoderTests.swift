import Bytes
import HTTP
import Testing

@testable import Wire

struct ChunkEncoderTests {
  @Test(arguments: [(1, "1"), (9, "9"), (10, "a"), (255, "ff"), (4096, "1000"), (65_536, "10000")])
  func sizesAreHexadecimal(_ length: Int, _ text: String) {
    let output = ByteBuffer()
    ChunkEncoder.writeSize(length, to: output)
    #expect(output.view.text == "\(text)\r\n")
  }

  @Test func endsWithAndWithoutTrailers() {
    let output = ByteBuffer()
    ChunkEncoder.writeEnd(nil, to: output)
    #expect(output.view.text == "0\r\n\r\n")
    output.clear()
    let trailers = Fields()
    trailers.append("Digest", "x")
    trailers.append("Transfer-Encoding", "chunked")
    ChunkEncoder.writeEnd(trailers, to: output)
    #expect(output.view.text == "0\r\nDigest: x\r\n\r\n")
  }
}
