import Bytes
import Telemetry
import Testing

struct JSONLineTests {
  private func line(_ fill: (JSONLine) -> Void) -> String {
    var text = ""
    JSONLine().write(fill) { text = $0.text }
    return text
  }

  @Test func membersInTheirOrder() {
    #expect(line { _ in } == "{}\n")
    let text = line { line in
      line.member("a", "x" as StaticString)
      line.member("b", text: "y")
      "z".lend { line.member("c", $0) }
      line.member("d", 42)
      line.member("e", -7)
      line.member("f", 0)
    }
    #expect(text == "{\"a\":\"x\",\"b\":\"y\",\"c\":\"z\",\"d\":42,\"e\":-7,\"f\":0}\n")
  }

  @Test(arguments: [
    (UInt64(0), "0.000"), (999, "0.000"), (1_000, "0.001"), (1_234_567, "1.234"), (10_000_000, "10.000"),
    (12_345_678_901, "12345.678"), (100_000, "0.100"), (10_000, "0.010"),
  ])
  func durations(_ nanoseconds: UInt64, _ text: String) {
    #expect(line { $0.member("ms", milliseconds: nanoseconds) } == "{\"ms\":\(text)}\n")
  }

  /// No byte of a client's can end the line, the string or the terminal's patience.
  @Test func everyByteIsSafe() {
    for byte in UInt8.min...UInt8.max {
      var found = [UInt8]()
      JSONLine().write({ line in [0x61, byte, 0x62].withUnsafeBytes { line.member("k", $0) } }) { found = [UInt8]($0) }
      let plain = byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x5C
      let digits = Array("0123456789abcdef".utf8)
      let expected: [UInt8] =
        plain
        ? [byte]
        : byte == 0x22 || byte == 0x5C
          ? [0x5C, byte] : Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      #expect(found == Array("{\"k\":\"a".utf8) + expected + Array("b\"}\n".utf8))
    }
  }

  @Test func oneBuilderMakesManyLines() {
    let builder = JSONLine()
    var lines: [String] = []
    for number in 0..<3 { builder.write({ $0.member("n", number) }) { lines.append($0.text) } }
    #expect(lines == ["{\"n\":0}\n", "{\"n\":1}\n", "{\"n\":2}\n"])
  }
}
