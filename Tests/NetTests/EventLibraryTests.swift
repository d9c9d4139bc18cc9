import Net
import Testing

struct EventLibraryTests {
  @Test func tellsItsVersion() { #expect(EventLibrary.version.hasPrefix("1.")) }
}
