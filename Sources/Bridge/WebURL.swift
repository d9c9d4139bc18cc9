import Bytes

/// An http or https URL in the spelling that is compared (RFC 3986 §6.2.2.1, §6.2.3).
struct WebURL: Equatable {
  /// Scheme, host and port (RFC 6454 §6.2): in lower case, without the default port.
  let origin: String
  /// What follows, without a slash at the end.
  let path: String

  /// - Returns: nil for anything else, for a URL with user information or a fragment, and above 2048 bytes.
  init?(_ text: String) {
    guard text.utf8.count <= 2048, text.utf8.allSatisfy({ 0x21...0x7E ~= $0 && $0 != 0x23 && $0 != ASCII.backslash }),
      let colon = text.firstIndex(of: ":")
    else { return nil }
    let scheme = text[..<colon].lowercased()
    let rest = text[colon...].dropFirst()
    guard scheme == "https" || scheme == "http", rest.hasPrefix("//") else { return nil }
    let authority = rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" }
    let host = authority.lowercased()
    guard !host.isEmpty, !host.contains("@") else { return nil }
    let port = scheme == "https" ? ":443" : ":80"
    origin = "\(scheme)://" + (host.hasSuffix(port) ? String(host.dropLast(port.count)) : host)
    let remainder = rest.dropFirst(2 + authority.count)
    path = String(remainder.hasSuffix("/") ? remainder.dropLast() : remainder)
  }

  /// Host and port.
  var authority: String { String(origin.drop { $0 != "/" }.dropFirst(2)) }
}
