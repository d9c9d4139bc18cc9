import Bytes
import JOSE
import JSON
import Testing

/// A header that was read before means the same as one that is read.
struct HeaderMemoryTests {
  private func outcome(_ token: String, _ memory: HeaderMemory) throws -> String {
    let keys = try TestKeys.set()
    return [UInt8](token.utf8).withUnsafeBytes { bytes in
      do throws(TokenFault) {
        let presented = try PresentedToken(bytes, memory)
        return TokenVerifier(policy: TestTokens.policy).judge(presented, keys: keys, now: TestTokens.now).outcome
      } catch {
        return "\(error.reason)"
      }
    }
  }

  @Test func changesNothing() throws {
    let memory = HeaderMemory()
    let algorithms: [JWSAlgorithm] = [.es256, .edDSA, .rs256, .ps256, .es384, .es512]
    for _ in 0..<3 {
      for algorithm in algorithms {
        #expect(try outcome(try TestTokens.sign([], algorithm), memory) == "verified")
        let other = try TestTokens.sign([("sub", "user-2")], algorithm)
        #expect(try outcome(other, memory) == "verified")
        let parts = other.split(separator: ".")
        #expect(
          try outcome("\(parts[0]).\(parts[1]).AAAA", memory) == "bad signature: key-\(algorithm.rawValue)")
      }
      #expect(try outcome("a.b.c", memory) == "malformed")
      #expect(try outcome("eyJhbGciOiJub25lIn0.e30.AA", memory) == "unsupported_algorithm")
    }
  }

  /// What is refused is not remembered, nor are headers that are long for a purpose.
  @Test func longHeadersAreReadAnew() throws {
    let memory = HeaderMemory()
    let long = try TestTokens.sign([], header: ["x": .string(String(repeating: "x", count: 600))])
    for _ in 0..<3 { #expect(try outcome(long, memory) == "verified") }
  }
}
