import HTTP
import Inbound
import Net
import Testing

struct ForwardedClientTests {
  private static let trusted = AddressRanges(["10.0.0.0/8", "fd00::/8", "unix"].compactMap { AddressRange($0) })
  private static let proxy = SocketAddress.ip("10.0.0.1", port: 40_000)

  /// The client that a trusted peer's fields name; nil: the peer.
  private func client(_ lines: [(String, String)], peer: SocketAddress = proxy) -> String? {
    let fields = Fields()
    for (name, value) in lines {
      [UInt8](name.utf8).withUnsafeBytes { name in
        [UInt8](value.utf8).withUnsafeBytes { fields.append(name, $0) }
      }
    }
    return ForwardedClient(peer: peer, trusted: Self.trusted)?.address(fields).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  @Test(arguments: [
    // One hop.
    ("192.0.2.1", "192.0.2.1"),
    (" 192.0.2.1\t", "192.0.2.1"),
    ("192.0.2.1:4711", "192.0.2.1"),
    ("2001:DB8::5", "2001:db8::5"),
    ("[2001:db8::5]", "2001:db8::5"),
    ("[2001:db8::5]:4711", "2001:db8::5"),
    ("::ffff:192.0.2.1", "192.0.2.1"),
    ("[::ffff:192.0.2.1]:80", "192.0.2.1"),
    // The rightmost that is not trusted, whatever a client has written before it.
    ("6.6.6.6, 192.0.2.1", "192.0.2.1"),
    ("6.6.6.6,192.0.2.1", "192.0.2.1"),
    ("6.6.6.6, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
    ("6.6.6.6, 192.0.2.1, 10.0.0.2, fd00::1, ::ffff:10.9.9.9", "192.0.2.1"),
    ("10.0.0.7, 192.0.2.1, 10.0.0.2", "192.0.2.1"),
    ("for=\"6.6.6.6, 192.0.2.1", "192.0.2.1"),
    // All are trusted: the client is one of them, the farthest.
    ("10.0.0.3, 10.0.0.2", "10.0.0.3"),
    // Empty elements are none.
    ("192.0.2.1,", "192.0.2.1"),
    (",, 192.0.2.1 , ,10.0.0.2,,", "192.0.2.1"),
    // The walk ends where no address stands.
    ("192.0.2.1, unknown, 10.0.0.2", "10.0.0.2"),
    ("192.0.2.1, _hidden, 10.0.0.3, 10.0.0.2", "10.0.0.3"),
    ("192.0.2.1, 10.0.0.2 10.0.0.3", nil),
    ("192.0.2.1, unknown", nil),
    ("unknown", nil),
    ("", nil),
    (" , ", nil),
    ("localhost", nil),
    ("1.2.3", nil),
    ("01.2.3.4", nil),
    ("1.2.3.4:", nil),
    ("1.2.3.4:http", nil),
    ("1.2.3.4:123456", nil),
    ("1.2.3.4:80:90", nil),
    ("[1.2.3.4]", nil),
    ("[::1", nil),
    ("[::1]80", nil),
    ("[]", nil),
    ("[::1]:", nil),
    ("::1]", nil),
    ("fe80::1%eth0", nil),
    ("\"192.0.2.1\"", nil),
    ("for=192.0.2.1", nil),
    ("192.0.2.1;proto=http", nil),
  ])
  func commonField(_ value: String, _ address: String?) { #expect(client([("X-Forwarded-For", value)]) == address) }

  @Test(arguments: [
    ("for=192.0.2.1", "192.0.2.1"),
    ("For=192.0.2.1;Proto=https;by=10.0.0.1", "192.0.2.1"),
    ("proto=https;for=192.0.2.1;host=\"gw.example\"", "192.0.2.1"),
    ("proto=https ; for=192.0.2.1 ;", "192.0.2.1"),
    (";;for=192.0.2.1", "192.0.2.1"),
    ("for=\"192.0.2.1\"", "192.0.2.1"),
    ("for=\"192.0.2.1:4711\"", "192.0.2.1"),
    ("for=\"192.0.2.1:_port.a-1\"", "192.0.2.1"),
    ("for=\"[2001:DB8::5]\"", "2001:db8::5"),
    ("for=\"[2001:db8::5]:4711\"", "2001:db8::5"),
    ("for=\"[::ffff:192.0.2.1]\"", "192.0.2.1"),
    // Senders that forget the quotes.
    ("for=192.0.2.1:4711", "192.0.2.1"),
    ("for=[2001:db8::5]:4711;proto=https", "2001:db8::5"),
    // The rightmost that is not trusted.
    ("for=6.6.6.6, for=192.0.2.1", "192.0.2.1"),
    ("for=6.6.6.6,for=192.0.2.1;proto=https,for=10.0.0.2", "192.0.2.1"),
    ("for=6.6.6.6, for=192.0.2.1, for=\"[fd00::1]:80\";by=_b, for=\"10.0.0.2\"", "192.0.2.1"),
    ("for=10.0.0.3, for=10.0.0.2", "10.0.0.3"),
    // What a client has begun does not reach into what a proxy has appended.
    ("for=\"6.6.6.6, for=192.0.2.1", "192.0.2.1"),
    ("for=6.6.6.6;host=\"a, for=192.0.2.1", "192.0.2.1"),
    ("\\\", for=192.0.2.1, for=10.0.0.2", "192.0.2.1"),
    // Quoted separators and quotes are text; a host that a client chose names no hop.
    ("for=192.0.2.1;host=\"a, for=6.6.6.6\"", "192.0.2.1"),
    ("for=192.0.2.1;host=\"a\\\", for=6.6.6.6\"", "192.0.2.1"),
    ("for=192.0.2.1;host=\"a\\\\\"", "192.0.2.1"),
    ("for=192.0.2.1;host=\"a\\\\\\\"; for=6.6.6.6\"", "192.0.2.1"),
    ("for=192.0.2.1;host=\"\"", "192.0.2.1"),
    // Nothing to go by.
    ("for=unknown", nil),
    ("for=_hidden", nil),
    ("for=\"_hidden:80\"", nil),
    ("for=192.0.2.1, for=unknown", nil),
    ("for=192.0.2.1, for=unknown, for=10.0.0.2", "10.0.0.2"),
    ("for=192.0.2.1, proto=https, for=10.0.0.2", "10.0.0.2"),
    ("for=192.0.2.1, ;, for=10.0.0.2", "10.0.0.2"),
    ("for=192.0.2.1;for=192.0.2.2", nil),
    ("for=192.0.2.1;FOR=192.0.2.1", nil),
    ("for=\"2001:db8::5\"", nil),
    ("for=2001:db8::5", nil),
    ("for=", nil),
    ("for=\"\"", nil),
    ("for", nil),
    ("=192.0.2.1", nil),
    ("for =192.0.2.1", nil),
    ("for= 192.0.2.1", nil),
    ("for=192.0.2.1 proto=https", nil),
    ("for=192.0.2.1\"", nil),
    ("for=\"192.0.2.1", nil),
    ("for=\"192.0.2.1\\\"", nil),
    ("for=\"192.0.2.\\1\"", nil),
    ("xfor=192.0.2.1", nil),
    ("for=a=192.0.2.1", nil),
    ("192.0.2.1", nil),
    ("", nil),
  ])
  func standardField(_ value: String, _ address: String?) { #expect(client([("Forwarded", value)]) == address) }

  /// Several lines are one list (RFC 9110 §5.3).
  @Test func lines() {
    #expect(client([("X-Forwarded-For", "192.0.2.1"), ("Host", "a"), ("x-forwarded-for", "10.0.0.2")]) == "192.0.2.1")
    #expect(client([("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "192.0.2.1, 10.0.0.2")]) == "192.0.2.1")
    #expect(
      client([("X-Forwarded-For", "192.0.2.1"), ("X-Forwarded-For", ""), ("X-Forwarded-For", ",")]) == "192.0.2.1")
    #expect(client([("Forwarded", "for=6.6.6.6, for=192.0.2.1"), ("Forwarded", "for=10.0.0.2")]) == "192.0.2.1")
    #expect(client([("Forwarded", "for=\"192.0.2.1"), ("Forwarded", "for=10.0.0.2")]) == "10.0.0.2")
  }

  @Test(arguments: [
    // They agree.
    ("192.0.2.1", "for=192.0.2.1", "192.0.2.1"),
    ("6.6.6.6, 192.0.2.1, 10.0.0.2", "for=192.0.2.1, for=10.0.0.2", "192.0.2.1"),
    ("2001:DB8::1", "for=\"[2001:db8::1]:80\"", "2001:db8::1"),
    // A proxy that maintains one of them has passed the client's own version of the other.
    ("192.0.2.1", "for=6.6.6.6", nil),
    ("6.6.6.6", "for=192.0.2.1", nil),
    ("192.0.2.1", "for=unknown", nil),
    ("192.0.2.1", "", nil),
    ("", "for=192.0.2.1", nil),
    ("6.6.6.6, 10.0.0.2", "for=192.0.2.1, for=10.0.0.2", "10.0.0.2"),
    // Only the inner proxy maintains both.
    ("192.0.2.1, 10.0.0.2", "for=10.0.0.2", "10.0.0.2"),
  ])
  func bothFields(_ common: String, _ standard: String, _ address: String?) {
    #expect(client([("X-Forwarded-For", common), ("Forwarded", standard)]) == address)
    #expect(client([("Forwarded", standard), ("X-Forwarded-For", common)]) == address)
  }

  @Test func onlyTrustedPeersAreHeard() {
    let fields = [("X-Forwarded-For", "192.0.2.1"), ("Forwarded", "for=192.0.2.1")]
    for peer in [SocketAddress.ip("10.0.0.1", port: 1), .ip("::ffff:10.0.0.1", port: 1), .unix(path: "")] {
      #expect(client(fields, peer: peer) == "192.0.2.1")
      #expect(client([], peer: peer) == nil)
    }
    for peer in [SocketAddress.ip("192.0.2.9", port: 1), .ip("::1", port: 1), .ip("11.0.0.1", port: 1)] {
      #expect(ForwardedClient(peer: peer, trusted: Self.trusted) == nil)
    }
    #expect(ForwardedClient(peer: Self.proxy, trusted: AddressRanges([])) == nil)
  }

  @Test func otherFieldsAreNotHeard() {
    #expect(client([("X-Real-IP", "6.6.6.6"), ("True-Client-IP", "6.6.6.6"), ("X_Forwarded_For", "6.6.6.6")]) == nil)
  }

  /// A request's head may hold thousands of addresses; only so many are looked at.
  @Test func longChains() {
    let chain = (1...70).reversed().map { "10.0.1.\($0)" }.joined(separator: ",")
    #expect(client([("X-Forwarded-For", "192.0.2.1,\(chain)")]) == "10.0.1.64")
    let fits = (1...63).map { _ in "10.0.0.2" }.joined(separator: ",")
    #expect(client([("X-Forwarded-For", "6.6.6.6,192.0.2.1,\(fits)")]) == "192.0.2.1")
    #expect(client([("X-Forwarded-For", "192.0.2.1" + String(repeating: ",", count: 5_000))]) == "192.0.2.1")
  }

  /// Nothing that a client writes changes how the part reads that a proxy has appended.
  @Test func everyShortValue() {
    let alphabet = [UInt8]("1.:[]\",;=f \\".utf8)
    for length in 1...3 {
      var digits = [Int](repeating: 0, count: length)
      while true {
        let value = String(decoding: digits.map { alphabet[$0] }, as: UTF8.self)
        #expect(client([("Forwarded", value)]) == nil)
        #expect(client([("Forwarded", value + ", for=192.0.2.1;host=\"x\"")]) == "192.0.2.1")
        #expect(client([("X-Forwarded-For", value + ", 192.0.2.1")]) == "192.0.2.1")
        guard let place = digits.lastIndex(where: { $0 < alphabet.count - 1 }) else { break }
        digits[place] += 1
        for index in digits.indices where index > place { digits[index] = 0 }
      }
    }
  }
}
