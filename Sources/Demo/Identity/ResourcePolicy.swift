internal import Bytes
internal import JSON
internal import Web

/// The resources that tokens may be issued for (RFC 8707).
struct ResourcePolicy {
  /// An absolute URL without trailing slash: what a client means that names no resource.
  let standard: String
  let others: [String]

  /// The audience for the `resource` parameters of a request.
  ///
  /// - Returns: nil when there are none.
  func audience(_ parameters: FormParameters) throws(OAuthError) -> String? {
    let named = parameters.all("resource")
    guard let resource = named.first else { return nil }
    guard named.count == 1 else { throw .invalidTarget("a token is for one resource") }
    for allowed in [standard] + others {
      guard resource.utf8.starts(with: allowed.utf8) else { continue }
      let below = resource.dropFirst(allowed.count)
      if below.isEmpty || below == "/" { return allowed }
      if Self.isPlainPath(below) { return resource }
    }
    throw .invalidTarget("this provider issues no tokens for that resource")
  }

  /// Whether this is a path of unreserved characters that names nothing outside itself.
  private static func isPlainPath(_ path: Substring) -> Bool {
    guard path.utf8.first == ASCII.slash else { return false }
    return path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).allSatisfy { segment in
      !segment.isEmpty && segment != "." && segment != ".." && segment.utf8.allSatisfy(isUnreserved)
    }
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    ASCII.isAlpha(byte) || ASCII.isDigit(byte) || [ASCII.dash, ASCII.dot, 0x5F, 0x7E].contains(byte)
  }
}
