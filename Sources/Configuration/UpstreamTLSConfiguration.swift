/// `tls` of an upstream: what its certificate is checked against, and the gateway's own.
package struct UpstreamTLSConfiguration: Equatable, Sendable {
  /// PEM, the authorities that may have issued the backend's certificate. Nil: the system's.
  package let ca: String?
  /// The name or address that the certificate must be for; a name is also asked for (SNI, RFC 6066 §3).
  package let serverName: String
  /// PEM, what the gateway shows when the backend asks. There with `key`, or not at all.
  package let certificate: String?
  /// PEM, unencrypted. May be the same file as `certificate`.
  package let key: String?

  /// `host` is the one of the upstream's URL.
  init(_ mapping: MappingReader, host: String) {
    ca = mapping.value("ca", .filePath(example: "/etc/portcullis/backend-ca.pem"))
    serverName = mapping.value("server_name", .serverName, default: host)
    certificate = mapping.value("certificate", .filePath(example: "/etc/portcullis/client.pem"))
    key = mapping.value("key", .filePath(example: "/etc/portcullis/client.key"))
    for (key, other) in [("certificate", "key"), ("key", "certificate")]
    where mapping.contains(other) && !mapping.contains(key) {
      mapping.failMissing(
        key, remedy: "\(other) is of use together with \(key) only; both may be in one file, given twice.")
    }
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("ca", ifPresent: ca)
    yaml.string("server_name", serverName)
    yaml.string("certificate", ifPresent: certificate)
    yaml.string("key", ifPresent: key)
  }
}

extension ScalarFormat where Value == String {
  /// What a certificate can be for (RFC 9525 §2): a name in lower case, or an address without brackets.
  static var serverName: Self {
    Self(expected: "a host name or an address", example: "tools.internal") { text throws(Fault) in
      if IPAddress.isV6(text) { return text }
      let authority = try Authority.parse(text)
      guard authority.port == nil, !text.hasPrefix("[") else {
        throw Fault("\(quoted(text)) is more than a name", remedy: "Write \(authority.host).")
      }
      return text
    }
  }
}
