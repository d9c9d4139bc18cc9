import Testing

@testable import Gateway

struct LibraryVersionsTests {
  @Test func namesEachLibraryWithItsVersion() {
    let all = LibraryVersions.all
    #expect(all.map(\.name) == ["libuv", "openssl", "nghttp2"])
    #expect(all.allSatisfy { $0.version.first?.isNumber == true && $0.version.contains(".") })
  }
}
