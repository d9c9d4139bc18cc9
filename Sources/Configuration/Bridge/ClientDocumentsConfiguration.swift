/// `client_metadata_documents` of a bridge: clients whose identifier is the URL of a document about them.
package struct ClientDocumentsConfiguration: Equatable, Sendable {
  package let isEnabled: Bool
  /// Hosts of documents, exact or `*.suffix`. Nil: every public one.
  package let allowedHosts: [String]?
  /// Hosts that are allowed besides, and whose names may lead to private addresses.
  package let internalHosts: [String]
  /// PEM, the authorities that may have issued the certificates of those hosts. Nil: the system's.
  package let ca: String?

  init(_ mapping: MappingReader) {
    isEnabled = mapping.value("enabled", .bool, default: true)
    allowedHosts = mapping.list("allowed_hosts", .hostName, mayBeEmpty: true)
    internalHosts = mapping.list("internal_hosts", .hostName, mayBeEmpty: true) ?? []
    ca = mapping.value("ca", .filePath(example: "/etc/portcullis/clients-ca.pem"))
    guard !isEnabled else { return }
    for key in ["allowed_hosts", "internal_hosts", "ca"] where mapping.contains(key) {
      mapping.report(
        Fault("\(key) has no effect while documents are not read", remedy: "Set enabled: true, or remove it."),
        at: key, severity: .warning)
    }
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.plain("enabled", isEnabled)
    guard isEnabled else { return }
    if let allowedHosts { yaml.strings("allowed_hosts", allowedHosts) }
    yaml.strings("internal_hosts", internalHosts)
    yaml.string("ca", ifPresent: ca)
  }
}

extension ScalarFormat where Value == String {
  /// A host as it stands in a URL without a port: a name, or an address; `*.` before a name stands for all below it.
  static var hostName: Self {
    Self(expected: "a host", example: "apps.example.com") { text throws(Fault) in
      let authority = try Authority.parse(text.hasPrefix("*.") ? String(text.dropFirst(2)) : text)
      guard authority.port == nil else {
        throw Fault("a port cannot be part of it", remedy: "Write \(Authority.bracketed(authority.host))")
      }
      return text
    }
  }
}
