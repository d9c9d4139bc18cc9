import JOSE
import Testing

struct SecureRandomTests {
  @Test func givesAsManyBytesAsAsked() throws {
    #expect(try SecureRandom.bytes(0).isEmpty)
    for count in [1, 16, 32, 1000] { #expect(try SecureRandom.bytes(count).count == count) }
  }

  @Test func doesNotRepeat() throws {
    let drawn = try (0..<100).map { _ in try SecureRandom.bytes(16) }
    #expect(Set(drawn).count == 100)
  }
}
