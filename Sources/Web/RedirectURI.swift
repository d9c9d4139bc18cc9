import Bytes
import JSON

/// Where a client wants its user sent back to: https, http on loopback, or the scheme of an installed
/// application.
package struct RedirectURI: Equatable, Sendable {
  package let text: String
  /// In lower case.
  package let scheme: String
  /// Host and port as written; empty for an application's own scheme.
  package let authority: String
  private let host: String
  package let isLoopback: Bool
  private let remainder: String

  /// Schemes that a browser runs, reads or answers itself, or that cannot belong to one application.
  private static let refused: Set<String> = [
    "about", "afp", "blob", "chrome", "chrome-extension", "content", "data", "edge", "file", "filesystem", "ftp",
    "ftps",
    "git", "gopher", "intent", "irc", "ircs", "jar", "javascript", "jnlp", "ldap", "ldaps", "mailto", "moz-extension",
    "ms-appinstaller", "ms-msdt", "ms-officecmd", "ms-settings", "news", "nfs", "nntp", "rdp", "resource", "rlogin",
    "search", "search-ms", "sftp", "shell", "sip", "sips", "smb", "sms", "ssh", "svn", "tel", "telnet", "tn3270", "urn",
    "vbscript", "view-source", "vnc", "webcal", "ws", "wss",
  ]

  package init(_ text: String) throws(OAuthError) {
    guard text.utf8.count <= 2048, text.utf8.allSatisfy(Self.isAllowed) else {
      throw .invalidRedirectURI("a redirect URI has at most 2048 characters of RFC 3986 and no fragment")
    }
    let name = text.prefix { $0 != ":" }
    guard name.count < text.count, name.utf8.first.map(ASCII.isAlpha) == true,
      name.utf8.allSatisfy(Self.isScheme)
    else { throw .invalidRedirectURI("a redirect URI is absolute") }
    self.text = text
    scheme = name.lowercased()
    let rest = text.dropFirst(name.count + 1)
    switch scheme {
    case "http", "https":
      guard rest.hasPrefix("//") else { throw .invalidRedirectURI("a redirect URI of the web names a host") }
      authority = String(rest.dropFirst(2).prefix { $0 != "/" && $0 != "?" })
      remainder = String(rest.dropFirst(2 + authority.count))
      guard let host = Self.host(of: authority) else {
        throw .invalidRedirectURI("a redirect URI names a host, perhaps a port, and no user")
      }
      self.host = host
      isLoopback = scheme == "http"
      guard scheme == "https" || ["127.0.0.1", "[::1]", "localhost"].contains(host) else {
        throw .invalidRedirectURI("a redirect URI with http is on loopback")
      }
    default:
      guard !Self.refused.contains(scheme), rest.utf8.first == ASCII.slash else {
        throw .invalidRedirectURI("this scheme cannot bring a user back to an application")
      }
      (authority, host, isLoopback, remainder) = ("", "", false, String(rest))
    }
  }

  /// Whether this, from a request, is the registered one: the same text, but any port on loopback (RFC 8252
  /// §7.3).
  package func matches(_ registered: RedirectURI) -> Bool {
    if text.hasSameBytes(as: registered.text) { return true }
    return isLoopback && registered.isLoopback && host == registered.host
      && remainder.hasSameBytes(as: registered.remainder)
  }

  /// Whom the user is sent to, for display.
  package var destination: String { authority.isEmpty ? "\(scheme): (an application on this computer)" : authority }

  /// This URI with more parameters.
  package func adding(_ parameters: [(name: String, value: String)]) -> String {
    text + (text.contains("?") ? "&" : "?") + FormParameters.query(parameters)
  }

  /// The lower-cased host of an authority without user information and with a sane port.
  private static func host(of authority: String) -> String? {
    let host: Substring
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      host = authority[...end]
      guard host.dropFirst().dropLast().utf8.allSatisfy({ ASCII.hexValue($0) != nil || $0 == ASCII.colon })
      else {
        return nil
      }
    } else {
      host = authority.prefix { $0 != ":" }
      guard host.utf8.allSatisfy(isHostByte) else { return nil }
    }
    let port = authority.dropFirst(host.count)
    guard !host.isEmpty, port.isEmpty || (port.hasPrefix(":") && UInt16(port.dropFirst()) != nil) else {
      return nil
    }
    return host.lowercased()
  }

  private static func isHostByte(_ byte: UInt8) -> Bool {
    ASCII.isAlpha(byte) || ASCII.isDigit(byte) || byte == ASCII.dot || byte == ASCII.dash || byte == 0x5F
  }

  private static func isScheme(_ byte: UInt8) -> Bool {
    ASCII.isAlpha(byte) || ASCII.isDigit(byte) || byte == 0x2B || byte == ASCII.dash || byte == ASCII.dot
  }

  /// The characters of RFC 3986 without the number sign; browsers take a backslash for a slash.
  package static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x22, 0x23, 0x3C, 0x3E, 0x5C, 0x5E, 0x60, 0x7B, 0x7C, 0x7D: false
    default: 0x21...0x7E ~= byte
    }
  }
}
