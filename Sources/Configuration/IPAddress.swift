import Glibc

/// Recognises literal addresses; nothing is looked up.
enum IPAddress {
  /// Dotted decimal with four parts.
  static func isV4(_ text: String) -> Bool {
    var address = in_addr()
    return inet_pton(AF_INET, text, &address) == 1
  }

  /// Without brackets and without a zone.
  static func isV6(_ text: String) -> Bool {
    var address = in6_addr()
    return inet_pton(AF_INET6, text, &address) == 1
  }

  static func isLoopback(_ text: String) -> Bool {
    if isV4(text) { return text.hasPrefix("127.") }
    var address = in6_addr()
    guard inet_pton(AF_INET6, text, &address) == 1 else { return false }
    return withUnsafeBytes(of: address) { bytes in bytes.last == 1 && bytes.dropLast().allSatisfy { $0 == 0 }
    }
  }
}
