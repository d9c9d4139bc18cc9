/// `host[:port]` as in a URL or a Host header (RFC 3986 §3.2), in canonical lower case.
struct Authority: Equatable {
  /// A name or an address; IPv6 addresses without their brackets.
  let host: String
  let port: Int?

  /// The host as it is written in a URL: IPv6 addresses in brackets.
  static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }

  static func parse(_ text: String) throws(Fault) -> Authority {
    guard !text.contains("@") else {
      throw Fault(
        "user names and passwords cannot be part of it", remedy: "Leave out everything up to \"@\".")
    }
    guard text == text.lowercased() else {
      throw Fault("\(quoted(text)) has upper-case letters", remedy: "Write \(text.lowercased()).")
    }
    if text.hasPrefix("[") {
      guard let end = text.firstIndex(of: "]"),
        IPAddress.isV6(String(text[text.index(after: text.startIndex)..<end]))
      else {
        throw Fault("\(quoted(text)) is not an IPv6 address in brackets", remedy: "For example: [::1]:8080")
      }
      let host = String(text[..<end].dropFirst())
      return Authority(host: host, port: try port(text[end...].dropFirst(), of: text))
    }
    let host = text.prefix { $0 != ":" }
    try check(host: String(host))
    return Authority(host: String(host), port: try port(text[host.endIndex...], of: text))
  }

  /// `rest` is empty, or a colon and a number.
  private static func port(_ rest: Substring, of text: String) throws(Fault) -> Int? {
    guard !rest.isEmpty else { return nil }
    let digits = rest.dropFirst()
    guard rest.first == ":", let port = Int(digits), (1...65535).contains(port), String(port) == digits else {
      throw Fault(
        "\(quoted(text)) does not end in a port number",
        remedy: "Give a port from 1 to 65535 after one colon; IPv6 addresses stand in brackets.")
    }
    return port
  }

  private static func check(host: String) throws(Fault) {
    guard !host.isEmpty else {
      throw Fault("the host is missing", remedy: "Give a host name or an address.")
    }
    let labels = host.split(separator: ".", omittingEmptySubsequences: false)
    guard CharacterClass.hostName.contains(all: host), host.utf8.count <= 253,
      labels.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 63 && !$0.hasPrefix("-") && !$0.hasSuffix("-") })
    else {
      throw Fault(
        "\(quoted(host)) is not a host name",
        remedy: "Use letters, digits, \"-\" and \".\"; international names in their xn-- form.")
    }
    // A name that ends in a number would be taken for an address by browsers.
    guard labels.last?.allSatisfy(\.isNumber) != true || IPAddress.isV4(host) else {
      throw Fault("\(quoted(host)) is not an IPv4 address", remedy: "Give four numbers from 0 to 255.")
    }
  }
}

extension ScalarFormat where Value == String {
  /// A value of the Host header.
  static var authority: Self {
    Self(expected: "a host or host:port", example: "mcp.example.com") { text throws(Fault) in
      _ = try Authority.parse(text)
      return text
    }
  }
}
