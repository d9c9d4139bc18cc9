import Bytes
import Identity
import Outbound
import Web

/// A client id that is the URL of a document about the client (draft-ietf-oauth-client-id-metadata-document §3).
package struct ClientDocumentURL: Equatable, Sendable {
  package let text: String
  /// In lower case, an IPv6 address without brackets.
  package let host: String
  package let isInternal: Bool
  let location: Fetch.Location

  private static let longest = 1_024

  /// - Parameter internalHosts: may be addresses.
  package init(_ text: String, internalHosts: HostNames = HostNames([])) throws(ClientDocumentFault) {
    guard text.hasPrefix("https://") else { throw .badURL("it is not https") }
    guard text.utf8.count <= Self.longest else { throw .badURL("it is longer than \(Self.longest) characters") }
    guard !text.utf8.contains(0x23) else { throw .badURL("it has a fragment") }
    guard text.utf8.allSatisfy(RedirectURI.isAllowed) else { throw .badURL("it has characters that no URL has") }
    let rest = text.dropFirst(8)
    let authority = rest.prefix { $0 != "/" && $0 != "?" }
    let path = rest.dropFirst(authority.count).prefix { $0 != "?" }
    guard !authority.contains("@") else { throw .badURL("it has user information") }
    guard path.utf8.count > 1 else { throw .badURL("it has no path") }
    guard !path.split(separator: "/").contains(where: Self.isDots) else { throw .badURL("it has dot segments") }
    guard Self.hasSaneAuthority(authority), let location = try? DocumentURL.location(of: text, allowPlaintext: false)
    else { throw .badURL("it names no host") }
    host = location.host.lowercased()
    isInternal = internalHosts.contains(host)
    if !isInternal {
      guard !Self.isAddress(host) else { throw .badURL("its host is an address") }
      guard Self.isName(host) else { throw .badURL("its host is no name of the internet") }
    }
    self.text = text
    self.location = location
  }

  /// Also those that browsers take for dots.
  private static func isDots(_ segment: Substring) -> Bool {
    [".", "..", "%2e", ".%2e", "%2e.", "%2e%2e"].contains(segment.lowercased())
  }

  /// Letters, digits, dots and dashes, or an address in brackets; then perhaps a port.
  private static func hasSaneAuthority(_ authority: Substring) -> Bool {
    let isBracketed = authority.hasPrefix("[")
    let host = isBracketed ? authority.prefix { $0 != "]" } : authority.prefix { $0 != ":" }
    let port = authority.dropFirst(host.count + (isBracketed ? 1 : 0))
    guard port.isEmpty || (port.first == ":" && port.utf8.count > 1 && port.utf8.dropFirst().allSatisfy(ASCII.isDigit))
    else { return false }
    return host.utf8.dropFirst(isBracketed ? 1 : 0).allSatisfy { byte in
      ASCII.isAlpha(byte) || ASCII.isDigit(byte) || byte == ASCII.dot || byte == ASCII.dash
        || (isBracketed && byte == ASCII.colon)
    }
  }

  /// In any spelling that a resolver may take for one: `127.1`, `2130706433`, `0x7f000001`, `0177.0.0.1`. No domain of
  /// the internet ends in a number.
  private static func isAddress(_ host: String) -> Bool {
    if host.contains(":") { return true }
    guard let last = host.split(separator: ".").last else { return false }
    if last.hasPrefix("0x") { return last.utf8.dropFirst(2).allSatisfy { ASCII.hexValue($0) != nil } }
    return last.utf8.allSatisfy(ASCII.isDigit)
  }

  /// With a domain above it: what stands alone is looked up in this network.
  private static func isName(_ host: String) -> Bool {
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    return host.utf8.count <= 253 && labels.count > 1
      && labels.allSatisfy { 1...63 ~= $0.utf8.count && $0.first != "-" && $0.last != "-" }
  }
}
