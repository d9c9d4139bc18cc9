/// `tls` of a listener: how it proves who it is, and what it asks of its clients.
package struct TLSListenerConfiguration: Equatable, Sendable {
  package enum Version: String, CaseIterable, Sendable {
    case v12 = "1.2"
    case v13 = "1.3"
  }

  /// Mutual TLS. `ca` is a PEM file of the authorities that may have issued a client's certificate.
  package enum ClientCertificates: Equatable, Sendable {
    case none
    case optional(ca: String)
    case required(ca: String)
  }

  package let minimumVersion: Version
  /// Never empty. The first one answers clients that ask for no name, or for one that none has.
  package let certificates: [CertificateConfiguration]
  /// Keys of session tickets, shared with other workers and replicas. Nil: known to this process only.
  package let ticketKeys: String?
  package let clientCertificates: ClientCertificates

  init?(_ mapping: MappingReader) {
    minimumVersion = mapping.value("min_version", .tlsVersion, default: .v12)
    let certificates = mapping.sections("certificates", CertificateConfiguration.init)
    ticketKeys = mapping.value("ticket_keys", .filePath(example: "/etc/portcullis/tls/ticket.keys"))
    clientCertificates = Self.clientCertificates(mapping)
    guard let certificates else {
      if !mapping.contains("certificates") {
        mapping.failMissing("certificates", remedy: "Add at least one entry with certificate and key.")
      }
      return nil
    }
    self.certificates = certificates
  }

  private static func clientCertificates(_ mapping: MappingReader) -> ClientCertificates {
    let ca = mapping.value("client_ca", .filePath(example: "/etc/portcullis/tls/clients.pem"))
    let use = mapping.value("client_certificate", ScalarFormat<ClientCertificateUse>.word, default: .required)
    if mapping.contains("client_certificate") && !mapping.contains("client_ca") {
      mapping.report(
        Fault(
          "without client_ca, no certificate of a client could be verified",
          remedy: "Add client_ca, the file with the authorities that issue your clients' certificates."),
        at: "client_certificate")
    }
    guard let ca else { return .none }
    return use == .required ? .required(ca: ca) : .optional(ca: ca)
  }

  private enum ClientCertificateUse: String, CaseIterable {
    case required, optional
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("min_version", minimumVersion.rawValue)
    yaml.sections("certificates", certificates) { $1.write(to: &$0) }
    yaml.string("ticket_keys", ifPresent: ticketKeys)
    switch clientCertificates {
    case .none: break
    case .optional(let ca):
      yaml.string("client_ca", ca)
      yaml.string("client_certificate", ClientCertificateUse.optional.rawValue)
    case .required(let ca):
      yaml.string("client_ca", ca)
      yaml.string("client_certificate", ClientCertificateUse.required.rawValue)
    }
  }
}

extension ScalarFormat where Value == TLSListenerConfiguration.Version {
  static var tlsVersion: Self {
    Self(expected: "\"1.2\" or \"1.3\"", example: "\"1.2\"") { text throws(Fault) in
      if let version = Value(rawValue: text) { return version }
      if ["1.0", "1.1"].contains(text) {
        throw Fault(
          "TLS \(text) must not be used (RFC 8996)",
          remedy: "Write \"1.2\", which every client in use knows, or \"1.3\".")
      }
      throw Fault(
        "expected \"1.2\" or \"1.3\", found \(quoted(text))",
        remedy: "Write the bare number of the lowest version to accept, for example \"1.2\".")
    }
  }
}
