import COpenSSL
import Testing

@testable import Net

struct TicketKeysTests {
  private let files: TestFiles

  init() throws { files = try TestFiles() }

  /// A ticket's key name.
  private func seal(_ keys: TicketKeys) -> [UInt8] {
    use { name, vector, cipher, mac in
      #expect(keys.seal(name, vector, cipher, mac) == 1)
    }
  }

  private func open(_ keys: TicketKeys, _ ticket: [UInt8]) -> Int32 {
    var result: Int32 = -2
    _ = use(ticket) { name, vector, cipher, mac in result = keys.open(renews: false, name, vector, cipher, mac) }
    return result
  }

  private func use(
    _ name: [UInt8] = [UInt8](repeating: 0, count: 16),
    _ body: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt8>, OpaquePointer?, OpaquePointer?) -> Void
  ) -> [UInt8] {
    let algorithm = EVP_MAC_fetch(nil, "HMAC", nil)
    let mac = EVP_MAC_CTX_new(algorithm)
    let cipher = EVP_CIPHER_CTX_new()
    defer {
      EVP_MAC_CTX_free(mac)
      EVP_MAC_free(algorithm)
      EVP_CIPHER_CTX_free(cipher)
    }
    var bytes = name + [UInt8](repeating: 0, count: 16)
    bytes.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      body(base, base + 16, cipher, mac)
    }
    return [UInt8](bytes.prefix(16))
  }

  private final class Clock { var time: UInt64 = 1_000 }

  @Test func keysOfTheProcessAreReplacedInTime() {
    let clock = Clock()
    let keys = TicketKeys { clock.time }
    let first = seal(keys)
    #expect(open(keys, first) == 1)
    clock.time += TicketKeys.rotation - 1
    #expect(seal(keys) == first)
    clock.time += 1
    let second = seal(keys)
    #expect(second != first)
    #expect(open(keys, first) == 2)
    #expect(open(keys, second) == 1)
    clock.time += TicketKeys.rotation
    let third = seal(keys)
    #expect(open(keys, first) == 0)
    #expect(open(keys, second) == 2)
    #expect(open(keys, third) == 1)
    // Long unused: nothing old comes back.
    clock.time += 2 * TicketKeys.rotation
    _ = seal(keys)
    #expect(open(keys, third) == 0)
  }

  @Test func twoProcessesHaveDifferentKeys() {
    #expect(open(TicketKeys(), seal(TicketKeys())) == 0)
  }

  @Test(arguments: [
    ("", "is empty"), ("\n# nothing\n", "holds no key"), ("abc", "line 1 is not 160 hexadecimal digits"),
    (
      String(repeating: "0", count: 160) + "\n" + String(repeating: "g", count: 160),
      "line 2 is not 160 hexadecimal digits"
    ),
    (String(repeating: "0", count: 161), "line 1 is not 160 hexadecimal digits"),
    (String(repeating: "0", count: 160) + "\n\n" + String(repeating: "0", count: 160), "line 3 repeats a key"),
    ((10..<30).map { String(repeating: "\($0)", count: 80) }.joined(separator: "\n"), "holds more than 16 keys"),
  ])
  func filesThatCannotBeUsed(_ text: String, _ what: String) throws {
    let file = try files.write(text)
    do throws(TLSFault) {
      _ = try TicketKeys(file: file)
      Issue.record("accepted")
    } catch {
      #expect(error.file == file)
      #expect(error.what == what)
    }
  }

  @Test func sharedKeysOpenEachOthersTickets() {
    func key(_ value: UInt8) -> [UInt8] { [UInt8](repeating: value, count: TicketKeys.keySize) }
    let one = TicketKeys(shared: [key(1)])
    let other = TicketKeys(shared: [key(1)])
    let ticket = seal(one)
    #expect(open(other, ticket) == 1)
    other.replace([key(2), key(1)])
    #expect(open(other, ticket) == 2)
    #expect(open(one, seal(other)) == 0)
    one.replace([key(2), key(1)])
    #expect(open(one, seal(other)) == 1)
    other.replace([key(3), key(2)])
    #expect(open(other, ticket) == 0)
  }
}
