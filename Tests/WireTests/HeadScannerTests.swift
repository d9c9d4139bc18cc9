import Bytes
import Testing

@testable import Wire

struct HeadScannerTests {
  /// Scans a text that arrives byte by byte.
  ///
  /// - Returns: how many bytes had arrived when the head was complete, its length, and what leads.
  private func scan(_ text: String, _ limits: HeadLimits = HeadLimits()) throws(WireFault) -> [Int]? {
    var scanner = HeadScanner()
    let bytes = [UInt8](text.utf8)
    for arrived in 0...bytes.count {
      let length = try bytes.lend { (all) throws(WireFault) in
        try scanner.scan(all.slice(0, arrived), limits)
      }
      if let length { return [arrived, length, scanner.leading] }
    }
    return nil
  }

  private func fault(_ text: String) -> String? {
    do throws(WireFault) {
      _ = try scan(text)
      return nil
    } catch {
      return error.reason.description
    }
  }

  @Test(arguments: [
    ("A\r\n\r\n", [5, 5, 0]), ("A\r\nB: c\r\n\r\nrest", [11, 11, 0]), ("\r\nA\r\n\r\n", [7, 7, 2]),
  ])
  func findsTheEnd(_ text: String, _ expected: [Int]) throws { #expect(try scan(text) == expected) }

  @Test(arguments: ["", "A", "A\r", "A\r\n", "A\r\n\r", "\r\n", "\r\nA\r\n", "A\r\nB: c\r\n"])
  func waitsForMore(_ text: String) throws { #expect(try scan(text) == nil) }

  @Test(arguments: ["\n", "A\n", "A\r\n\n", "A\r\nB\n", "\r\n\n", "\r\nA\n"])
  func aBareLineFeedIsRefused(_ text: String) { #expect(fault(text) == "bare_line_feed") }

  /// A TLS client on a port for clear text never ends a line.
  @Test(arguments: ["\u{16}\u{3}\u{1}", "\u{0}", "A\u{0}", "A\u{7F}", " ", "\r\n ", "\u{80}"])
  func noiseIsRefusedAtOnce(_ text: String) { #expect(fault(text) == "bad_start_line") }

  @Test func aLaterLineIsLeftToTheParser() throws { #expect(try scan("A\r\n\u{0}\r\n\r\n") == [8, 8, 0]) }
}
