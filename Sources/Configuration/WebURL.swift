/// An absolute `http` or `https` URL without user and fragment, and without a query but where one makes sense: all that
/// the configuration needs of URLs.
package struct WebURL: Equatable, Sendable, CustomStringConvertible {
  package enum Scheme: String, Sendable {
    case http, https

    package var defaultPort: Int { self == .http ? 80 : 443 }
  }

  package let scheme: Scheme
  /// Lower case; IPv6 addresses without brackets.
  package let host: String
  /// The scheme's default where the text has none.
  package let port: Int
  /// As written: empty, or starting with "/".
  package let path: String
  /// As written: empty, or starting with "?".
  private let query: String

  /// `host[:port]` as in a Host header: brackets around IPv6, no default port.
  package var authority: String {
    let host = Authority.bracketed(host)
    return port == scheme.defaultPort ? host : "\(host):\(port)"
  }

  /// `scheme://host[:port]`, as browsers send it (RFC 6454 §6.2).
  package var origin: String { "\(scheme.rawValue)://\(authority)" }

  package var description: String { origin + path + query }

  /// Whether the host can only be this machine: `localhost`, names below it, and loopback addresses.
  package var isLoopback: Bool {
    host == "localhost" || host.hasSuffix(".localhost") || IPAddress.isLoopback(host)
  }

  /// Nil when `text` is not such a URL.
  package init?(_ text: String) {
    guard let url = try? WebURL.parse(text) else { return nil }
    self = url
  }

  private init(scheme: Scheme, host: String, port: Int, path: String, query: String = "") {
    self.scheme = scheme
    self.host = host
    self.port = port
    self.path = path
    self.query = query
  }

  /// The same server with another path, which is valid and begins with "/".
  func at(_ path: String) -> WebURL {
    WebURL(scheme: scheme, host: host, port: port, path: path)
  }

  static func parse(_ text: String, mayHaveQuery: Bool = false) throws(Fault) -> WebURL {
    guard let separator = text.firstRange(of: "://"),
      let scheme = Scheme(rawValue: text[..<separator.lowerBound].lowercased())
    else {
      throw Fault(
        "\(quoted(text)) is not an absolute http or https URL", remedy: "For example: https://mcp.example.com"
      )
    }
    let rest = text[separator.upperBound...]
    let authority = rest.prefix { !"/?#".contains($0) }
    let target = rest[authority.endIndex...]
    let prefix = text[..<authority.endIndex]
    guard prefix.lowercased() == prefix || authority.contains("@") else {
      throw Fault("scheme and host must be in lower case", remedy: "Write \(prefix.lowercased())\(target)")
    }
    let server = try Authority.parse(String(authority))
    guard !target.contains("#"), mayHaveQuery || !target.contains("?") else {
      throw mayHaveQuery
        ? Fault("a fragment cannot be part of this URL", remedy: "End it before \"#\".")
        : Fault("a query or fragment cannot be part of this URL", remedy: "End it before \"?\" or \"#\".")
    }
    guard target.split(whereSeparator: { "%?".contains($0) }).allSatisfy(CharacterClass.path.contains(all:)),
      hasValidEscapes(target)
    else {
      throw Fault(
        "the path \(quoted(String(target))) has characters that a URL cannot have",
        remedy: "Percent-encode them, such as %20 for a space.")
    }
    let path = target.prefix { $0 != "?" }
    return WebURL(
      scheme: scheme, host: server.host, port: server.port ?? scheme.defaultPort, path: String(path),
      query: String(target[path.endIndex...]))
  }

  /// RFC 3986 §2.1: a "%" has two hexadecimal digits after it.
  private static func hasValidEscapes(_ target: Substring) -> Bool {
    target.split(separator: "%", omittingEmptySubsequences: false).dropFirst().allSatisfy { part in
      part.prefix(2).count == 2 && part.prefix(2).allSatisfy(\.isHexDigit)
    }
  }
}

extension ScalarFormat where Value == WebURL {
  static func webURL(example: String, mayHaveQuery: Bool = false) -> Self {
    Self(expected: "a URL", example: example) { text throws(Fault) in
      try WebURL.parse(text, mayHaveQuery: mayHaveQuery)
    }
  }

  /// The URL under which clients reach the gateway, possibly at a load balancer in front of it (GW-24,
  /// GW-25).
  static var publicURL: Self {
    Self(expected: "a URL", example: "https://mcp.example.com") { text throws(Fault) in
      let url = try WebURL.parse(text)
      guard url.path.isEmpty else {
        throw Fault(
          "a path cannot be part of the public URL", remedy: "Write \(url.origin); paths belong to routes.")
      }
      guard url.origin == text else {
        throw Fault("the default port must be left out, as clients do", remedy: "Write \(url.origin)")
      }
      guard url.scheme == .https || url.isLoopback else {
        throw Fault(
          "clients must not send tokens over plain http to \(quoted(url.host))",
          remedy: "Give the https URL that clients use, even when a load balancer in front ends TLS.")
      }
      return url
    }
  }
}

extension ScalarFormat where Value == String {
  /// The serialized origin that a browser sends (RFC 6454 §6.2); editors have schemes of their own.
  static var origin: Self {
    Self(expected: "an origin", example: "https://app.example.com") { text throws(Fault) in
      guard let separator = text.firstRange(of: "://"),
        text.first?.isLetter == true,
        CharacterClass.uriScheme.contains(all: text[..<separator.lowerBound])
      else {
        throw Fault(
          "\(quoted(text)) is not an origin in lower case",
          remedy: "Write scheme://host, with :port unless it is the default.")
      }
      let authority = text[separator.upperBound...]
      guard !authority.contains(where: { "/?#".contains($0) }) else {
        throw Fault(
          "an origin ends after host and port",
          remedy: "Write \(text.prefix { $0 != "/" })//\(authority.prefix { !"/?#".contains($0) })")
      }
      let parsed = try Authority.parse(String(authority))
      if let scheme = WebURL.Scheme(rawValue: String(text[..<separator.lowerBound])),
        parsed.port == scheme.defaultPort
      {
        throw Fault("browsers leave the default port out of an origin", remedy: "Leave it out here too.")
      }
      return text
    }
  }

  /// An absolute URI without a fragment (RFC 9728 §1.2, RFC 8707 §2).
  static var absoluteURI: Self {
    Self(expected: "an absolute URI without a fragment", example: "https://mcp.example.com/mcp") { text in
      guard let colon = text.firstIndex(of: ":"), colon < text.index(before: text.endIndex),
        text.first?.isLetter == true, CharacterClass.uriScheme.contains(all: text[..<colon].lowercased()),
        CharacterClass.uri.contains(all: text)
      else { return nil }
      return text
    }
  }
}
