/// URLs in the one form in which those of DPoP proofs and requests are compared: without query and fragment (RFC 9449
/// §4.3), after the normalization of syntax and scheme (RFC 3986 §6.2.2, §6.2.3).
package enum HTTPTarget {
  /// - Returns: nil when it is not an absolute http or https URL.
  package static func normalized(_ url: String) -> String? {
    guard let colon = url.utf8.firstIndex(of: 0x3A) else { return nil }
    let scheme = url[..<colon].lowercased()
    guard scheme == "https" || scheme == "http", url[colon...].hasPrefix("://") else { return nil }
    let rest = url[url.index(colon, offsetBy: 3)...].prefix { $0 != "?" && $0 != "#" }
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    var authority = rest[..<slash].lowercased()
    let defaultPort = scheme == "https" ? ":443" : ":80"
    if authority.hasSuffix(defaultPort) { authority.removeLast(defaultPort.count) }
    guard !authority.isEmpty, !authority.contains("@") else { return nil }
    let path = slash == rest.endIndex ? "/" : escapesInCapitals(rest[slash...])
    return "\(scheme)://\(authority)\(path)"
  }

  /// `%2f` and `%2F` are the same; what is encoded without need is left as it is.
  private static func escapesInCapitals(_ path: Substring) -> String {
    var capitals = 0
    let bytes = path.utf8.map { byte in
      defer { capitals = byte == 0x25 ? 2 : max(0, capitals - 1) }
      return capitals > 0 && 0x61...0x66 ~= byte ? byte - 0x20 : byte
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
