/// `identity_headers` of a route: the request fields that tell the backend who calls. Copies that a client
/// sends are removed, also from routes without authorization (GW-61). Nil: that fact is not handed on.
package struct IdentityHeadersConfiguration: Equatable, Sendable {
  package let subject: String?
  package let client: String?
  package let scopes: String?
  package let issuer: String?

  init(_ mapping: MappingReader) {
    var taken: Set<String> = []
    func name(_ key: String, default fallback: String) -> String? {
      // Absent, off (nil inside), or a name; a faulty one is reported and takes no name.
      let given: String?? = mapping.value(key, .headerName)
      guard given != nil || !mapping.contains(key) else { return nil }
      let name = given ?? fallback
      if let name, !taken.insert(name.lowercased()).inserted {
        mapping.report(
          Fault("the header \(quoted(name)) is used twice", remedy: "Give each fact a header of its own."),
          at: key)
      }
      return name
    }
    subject = name("subject", default: "X-Portcullis-Subject")
    client = name("client", default: "X-Portcullis-Client")
    scopes = name("scopes", default: "X-Portcullis-Scopes")
    issuer = name("issuer", default: "X-Portcullis-Issuer")
  }

  func write(to yaml: inout YAMLWriter) {
    for (key, name) in [("subject", subject), ("client", client), ("scopes", scopes), ("issuer", issuer)] {
      if let name { yaml.string(key, name) } else { yaml.plain(key, "off") }
    }
  }
}

extension ScalarFormat where Value == String? {
  /// A field name (RFC 9110 §5.1), or nil for `off`.
  static var headerName: Self {
    Self(expected: "a header name or off", example: "X-Portcullis-Subject") { text throws(Fault) in
      guard text != "off" else { return nil }
      guard !text.isEmpty, text.utf8.count <= 64, CharacterClass.token.contains(all: text) else {
        throw Fault(
          "\(quoted(text)) is not a header name", remedy: "For example: X-Portcullis-Subject; or off.")
      }
      let name = text.lowercased()
      guard !reserved.contains(name), !["mcp-", "x-forwarded-", "content-"].contains(where: name.hasPrefix)
      else {
        throw Fault(
          "the header \(quoted(text)) has a meaning of its own",
          remedy: "Choose a name of your own, such as X-User.")
      }
      return text
    }
  }

  /// Fields that frame the message, belong to one hop, or that MCP and the gateway give a meaning.
  private static var reserved: Set<String> {
    [
      "accept", "accept-encoding", "authorization", "cache-control", "connection", "cookie", "date", "expect",
      "forwarded", "host", "keep-alive", "last-event-id", "origin", "proxy-authorization", "proxy-connection",
      "te",
      "trailer", "transfer-encoding", "upgrade", "via",
    ]
  }
}
