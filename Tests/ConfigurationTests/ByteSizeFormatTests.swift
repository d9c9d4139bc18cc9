import Testing

@testable import Configuration

struct ByteSizeFormatTests {
  @Test(arguments: [
    ("0", 0, "0"), ("1000", 1000, "1000"), ("8KiB", 8192, "8KiB"), ("8192", 8192, "8KiB"),
    ("4MiB", 4_194_304, "4MiB"),
    ("1GiB", 1_073_741_824, "1GiB"), ("1536KiB", 1_572_864, "1536KiB"),
  ])
  func readsAndWrites(text: String, bytes: Int, canonical: String) {
    #expect(ByteSizeFormat.parse(text) == bytes)
    #expect(ByteSizeFormat.text(bytes) == canonical)
    #expect(ByteSizeFormat.parse(canonical) == bytes)
  }

  @Test(arguments: [
    "", "KiB", "1KB", "1kib", "1 KiB", "-1", "1.5MiB", "9223372036854775807KiB", "99999999999999999999",
  ])
  func refuses(text: String) {
    #expect(ByteSizeFormat.parse(text) == nil)
  }
}
