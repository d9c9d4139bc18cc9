import Testing
import Wire

struct HTTP2LibraryTests {
  @Test func tellsItsVersion() { #expect(HTTP2Library.version.hasPrefix("1.")) }
}
