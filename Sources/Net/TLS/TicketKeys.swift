import Bytes
import COpenSSL

/// The keys that seal session tickets (RFC 5077 §4): tickets hold the session, servers remember nothing.
///
/// A file has one key a line, 160 hexadecimal digits as `openssl rand -hex 80` prints them: 16 bytes of name, 32 for
/// HMAC-SHA-256, 32 for AES-256-CBC. The first seals; the others only open, and what they open is sealed anew. Lines
/// that are empty or begin with `#` do not count. Processes with the same file open each other's tickets, and so do those
/// that a common parent gives the same keys.
package final class TicketKeys {
  private struct Key {
    static let nameSize = 16
    static let size = 80
    let bytes: [UInt8]

    func isNamed(_ name: UnsafePointer<UInt8>) -> Bool {
      bytes.withUnsafeBytes { $0.slice(0, Self.nameSize).equals(ByteView(start: name, count: Self.nameSize)) }
    }
  }

  private var keys: [Key]
  /// When the first key was made; nil: it is from a file and stays.
  private var madeAt: UInt64?
  private let now: () -> UInt64
  private let cipher: OpaquePointer?

  /// Seconds that a session may be resumed.
  static let sessionLifetime = 7_200
  /// Nanoseconds after which a key of our own seals no more. It opens for as long again, longer than any session.
  package static let rotation: UInt64 = 12 * 3_600 * 1_000_000_000
  private static let keyLimit = 16

  /// Keys of this process, replaced in time.
  init(now: @escaping () -> UInt64 = { Loop.nanoseconds }) {
    self.now = now
    cipher = EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)
    keys = []
  }

  /// Keys that somebody else makes, keeps and replaces.
  ///
  /// - Parameter keys: 80 random bytes each; the first one seals.
  package convenience init(shared keys: [[UInt8]]) {
    self.init(now: { 0 })
    replace(keys)
  }

  /// Replaces shared keys.
  package func replace(_ keys: [[UInt8]]) {
    self.keys = keys.filter { $0.count == Key.size }.map { Key(bytes: $0) }
    madeAt = nil
  }

  /// Bytes of a key.
  package static let keySize = Key.size

  init(file path: String) throws(TLSFault) {
    let file = try TLSFile(path)
    let lines = file.withBytes { bytes in
      bytes.split(separator: ASCII.lf, omittingEmptySubsequences: false).map { Self.line(ByteView(rebasing: $0)) }
    }
    keys = []
    for (index, line) in lines.enumerated() where !line.isEmpty && line.first != UInt8(ascii: "#") {
      guard let key = Self.key(line) else {
        throw TLSFault(
          file: path, what: "line \(index + 1) is not 160 hexadecimal digits",
          remedy: "write each key by: openssl rand -hex 80")
      }
      if keys.contains(where: { $0.bytes.prefix(Key.nameSize) == key.bytes.prefix(Key.nameSize) }) {
        throw TLSFault(file: path, what: "line \(index + 1) repeats a key", remedy: "leave each key once")
      }
      keys.append(key)
    }
    guard !keys.isEmpty, keys.count <= Self.keyLimit else {
      throw TLSFault(
        file: path, what: keys.isEmpty ? "holds no key" : "holds more than \(Self.keyLimit) keys",
        remedy: "write each key by: openssl rand -hex 80")
    }
    now = { 0 }
    cipher = EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)
  }

  deinit { EVP_CIPHER_free(cipher) }

  private static func line(_ view: ByteView) -> [UInt8] {
    [UInt8](view.drop { $0 == ASCII.space }.reversed().drop { $0 == ASCII.cr || $0 == ASCII.space }.reversed())
  }

  private static func key(_ digits: [UInt8]) -> Key? {
    guard digits.count == 2 * Key.size else { return nil }
    var bytes: [UInt8] = []
    for place in stride(from: 0, to: digits.count, by: 2) {
      guard let high = ASCII.hexValue(digits[place]), let low = ASCII.hexValue(digits[place + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return Key(bytes: bytes)
  }

  /// The key that seals, made now if there is none or it has served its time.
  private func sealingKey() -> Key? {
    if madeAt == nil, let key = keys.first { return key }
    let time = now()
    if let madeAt, let key = keys.first, time - madeAt < Self.rotation { return key }
    var bytes = [UInt8](repeating: 0, count: Key.size)
    guard RAND_bytes(&bytes, Int32(Key.size)) == 1 else { return nil }
    // After a rest of more than two periods the last key is too old to open anything.
    let isRecent = madeAt.map { time - $0 < 2 * Self.rotation } ?? false
    keys = [Key(bytes: bytes)] + (isRecent ? keys.prefix(1) : [])
    madeAt = time
    return keys[0]
  }

  /// Sets OpenSSL up to seal a ticket. 1: done, -1: cannot.
  func seal(
    _ name: UnsafeMutablePointer<UInt8>, _ vector: UnsafeMutablePointer<UInt8>, _ context: OpaquePointer?,
    _ mac: OpaquePointer?
  ) -> Int32 {
    guard let key = sealingKey(), RAND_bytes(vector, EVP_CIPHER_get_iv_length(cipher)) == 1 else { return -1 }
    return key.bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return -1 }
      name.update(from: base, count: Key.nameSize)
      return EVP_EncryptInit_ex(context, cipher, nil, base + 48, vector) == 1 && pc_ticket_mac(mac, base + 16, 32) == 1
        ? 1 : -1
    }
  }

  /// Sets OpenSSL up to open a ticket. 1: done, 2: done, and the client gets a new one, 0: the key is unknown.
  ///
  /// - Parameter renews: the client gets a new ticket in any case, as tickets of TLS 1.3 are used once.
  func open(
    renews: Bool, _ name: UnsafeMutablePointer<UInt8>, _ vector: UnsafeMutablePointer<UInt8>, _ context: OpaquePointer?,
    _ mac: OpaquePointer?
  ) -> Int32 {
    guard let place = keys.firstIndex(where: { $0.isNamed(name) }) else { return 0 }
    return keys[place].bytes.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress, pc_ticket_mac(mac, base + 16, 32) == 1,
        EVP_DecryptInit_ex(context, cipher, nil, base + 48, vector) == 1
      else { return -1 }
      return place == 0 && !renews ? 1 : 2
    }
  }
}
