package import Outbound

/// The URL of a document at an identity provider.
package enum DocumentURL {
  package enum Fault: Error, Equatable {
    case malformed
    /// Clear http to another machine: whoever sits between could choose the keys (GW-51).
    case plaintext

    /// What is wrong, in words.
    package var description: String {
      switch self {
      case .malformed: "it is not an absolute http or https URL"
      case .plaintext: "clear http is accepted on loopback only, unless allow_plaintext_provider is true"
      }
    }
  }

  /// - Parameter allowPlaintext: accept clear http to hosts other than loopback.
  package static func location(of url: String, allowPlaintext: Bool) throws(Fault) -> Fetch.Location {
    let isSecure = url.hasPrefix("https://")
    guard isSecure || url.hasPrefix("http://"), !url.utf8.contains(where: { $0 <= 0x20 || $0 >= 0x7F }) else {
      throw .malformed
    }
    let rest = url.dropFirst(isSecure ? 8 : 7)
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let target = rest.dropFirst(authority.count).prefix { $0 != "#" }
    let (host, port) = try split(authority, defaultPort: isSecure ? 443 : 80)
    guard isSecure || allowPlaintext || isLoopback(host) else { throw .plaintext }
    return Fetch.Location(
      host: host, port: port, target: target.hasPrefix("/") ? String(target) : "/" + target,
      authority: String(authority), isSecure: isSecure)
  }

  private static func split(_ authority: Substring, defaultPort: Int) throws(Fault) -> (String, Int) {
    var host = authority
    var port = defaultPort
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { throw .malformed }
      host = authority[authority.index(after: authority.startIndex)..<end]
      let rest = authority[authority.index(after: end)...]
      if !rest.isEmpty { port = try number(rest) }
    } else if let colon = authority.firstIndex(of: ":") {
      host = authority[..<colon]
      port = try number(authority[colon...])
    }
    guard !host.isEmpty, !host.contains("@"), !host.contains("%") else { throw .malformed }
    return (String(host), port)
  }

  private static func number(_ text: Substring) throws(Fault) -> Int {
    guard text.first == ":", let port = Int(text.dropFirst()), 1...65535 ~= port else { throw .malformed }
    return port
  }

  private static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
