/// An entry of `clients` of a bridge: an MCP client that is known without registering.
package struct BridgeClientConfiguration: Equatable, Sendable {
  /// Neither a URL nor in the form of a registered client's.
  package let clientID: String
  /// For people. Nil: they are shown the identifier.
  package let clientName: String?
  /// Never empty. http ones are on loopback, where clients may use any port (RFC 8252 §7.3).
  package let redirectURIs: [String]

  static func list(_ mapping: MappingReader) -> [Self] {
    var seen: Set<String> = []
    return mapping.sections("clients") { mapping in
      guard let client = Self(mapping) else { return nil }
      if !seen.insert(client.clientID).inserted {
        mapping.report(
          Fault("\(quoted(client.clientID)) is a client above", remedy: "Put its redirect_uris into one entry."),
          at: "client_id")
      }
      return client
    } ?? []
  }

  private init?(_ mapping: MappingReader) {
    let clientID = mapping.required("client_id", .bridgeClientID)
    clientName = mapping.value("client_name", .text(maximum: 255))
    redirectURIs = mapping.list("redirect_uris", .redirectURI) ?? []
    if !mapping.contains("redirect_uris") {
      mapping.failMissing(
        "redirect_uris", remedy: "Add those that the client uses: \(ScalarFormat.redirectURI.example)")
    }
    guard let clientID else { return nil }
    self.clientID = clientID
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("client_id", clientID)
    yaml.string("client_name", ifPresent: clientName)
    yaml.strings("redirect_uris", redirectURIs)
  }
}

extension ScalarFormat where Value == String {
  /// Identifiers that cannot be taken for those of other kinds of clients.
  static var bridgeClientID: Self {
    let text = ScalarFormat.text(maximum: 255)
    return Self(expected: text.expected, example: "kiro") { written throws(Fault) in
      let id = try text.parse(written)
      guard !id.lowercased().hasPrefix("https://") else {
        throw Fault(
          "a client whose identifier is a URL describes itself there",
          remedy: "Leave it out, and see client_metadata_documents; or choose a name, such as kiro.")
      }
      guard !id.hasPrefix("registered-") else {
        throw Fault(
          "\"registered-\" is what the identifiers of registered clients begin with in logs and tokens",
          remedy: "Choose another name, such as kiro.")
      }
      return id
    }
  }

  /// Where a client takes codes (RFC 6749 §3.1.2, RFC 8252 §7): compared byte by byte, but for the port of loopback.
  static var redirectURI: Self {
    Self(expected: "a redirect URI", example: "http://localhost/callback") { text throws(Fault) in
      guard let colon = text.firstIndex(of: ":"), colon < text.index(before: text.endIndex),
        text.first?.isLetter == true, CharacterClass.uri.contains(all: text),
        CharacterClass.uriScheme.contains(all: text[..<colon])
      else {
        throw Fault(
          "\(quoted(text)) is not an absolute URI without a fragment, with a scheme in lower case",
          remedy: "For example: http://localhost/callback")
      }
      let scheme = String(text[..<colon])
      guard WebURL.Scheme(rawValue: scheme) == nil else {
        let url = try WebURL.parse(text, mayHaveQuery: true)
        guard url.scheme == .https || url.isLoopback else {
          throw Fault(
            "codes sent over plain http to \(quoted(url.host)) can be read on the way",
            remedy: "Use https, or http on localhost, 127.0.0.1 or [::1].")
        }
        return text
      }
      guard !notForApplications.contains(scheme) else {
        throw Fault(
          "\(scheme): leads to no application",
          remedy: "Use https, http on loopback, or a scheme of the application's own.")
      }
      return text
    }
  }

  /// Schemes that browsers and systems give a meaning of their own.
  private static var notForApplications: Set<String> {
    [
      "about", "blob", "data", "file", "filesystem", "ftp", "intent", "jar", "javascript", "mailto", "sms", "tel",
      "urn", "vbscript", "view-source", "ws", "wss",
    ]
  }
}
