package import Configuration
import JOSE
import Net

/// What only the files show that a configuration names: certificates and keys, reported at the line that names them.
package enum FileFindings {
  /// Opens every file; nothing is kept.
  ///
  /// - Parameter sources: of the same configuration.
  package static func of(_ configuration: GatewayConfiguration, _ sources: SourceMap) -> [Diagnostic] {
    var findings: [Diagnostic] = []
    for (index, listener) in configuration.listeners.enumerated() {
      guard let tls = listener.tls else { continue }
      findings += of(TLSServerSettings(tls, http2: listener.http2), at: "listeners[\(index)].tls", sources)
    }
    for (index, route) in configuration.routes.enumerated() {
      let path = "routes[\(index)]"
      if let tls = route.upstream.tls {
        let settings = TLSClientSettings(tls, http2: route.upstream.http2)
        let places = [
          ("ca", tls.ca), ("certificate", tls.certificate), ("key", tls.key),
        ]
        findings += finding(sources, "\(path).upstream.tls", places) { () throws(TLSFault) in
          _ = try TLSClientContext(settings)
        }
      }
      guard case .token(let providers) = route.authorization else { continue }
      for (authorization, path) in zip(providers, sources.sections(at: "\(path).authorization")) {
        // The system's authorities are no file of the configuration, and take long to load.
        if let ca = authorization.providerCA {
          findings += finding(sources, path, [("provider_ca", ca)]) { () throws(TLSFault) in
            _ = try TLSClientContext(TLSClientSettings(ca: ca))
          }
        }
        findings += signingKeyFindings(
          authorization.introspection?.authentication, at: "\(path).introspection", sources)
        findings += keySetFindings(authorization, at: path, sources)
      }
    }
    for (index, bridge) in configuration.bridges.enumerated() {
      findings += of(bridge, at: "bridges[\(index)]", sources)
    }
    return findings
  }

  /// - Parameter path: of the section that names the key.
  static func signingKeyFindings(
    _ authentication: Configuration.ClientAuthentication?, at path: String, _ sources: SourceMap
  ) -> [Diagnostic] {
    guard case .privateKeyJWT(let file, let keyID)? = authentication else { return [] }
    do throws(StartFailure) {
      _ = try SigningKey.read(file, kid: keyID)
      return []
    } catch {
      let remedy = "Give an unencrypted private key in PEM that this user can read."
      return [sources.diagnostic(.error, at: "\(path).private_key", error.description, remedy: remedy)]
    }
  }

  /// A key set may still come, or be replaced, while the gateway runs: what is wrong with it is a warning.
  private static func keySetFindings(
    _ provider: AuthorizationConfiguration, at path: String, _ sources: SourceMap
  ) -> [Diagnostic] {
    guard let file = provider.jwksFile else { return [] }
    func warning(_ message: String) -> [Diagnostic] {
      let remedy = "Put a JWK set with the provider's public keys there; until then its tokens get 503."
      return [sources.diagnostic(.warning, at: "\(path).jwks_file", "\(file): \(message)", remedy: remedy)]
    }
    let text: String
    do throws(TextFileError) { text = try TextFile.read(file) } catch {
      return warning("cannot be read: \(error.reason)")
    }
    do throws(KeySetError) {
      return try KeySet(parsing: [UInt8](text.utf8)).keys.isEmpty ? warning("no key in it can be used") : []
    } catch {
      return warning(error.description)
    }
  }

  private static func of(_ settings: TLSServerSettings, at path: String, _ sources: SourceMap) -> [Diagnostic] {
    var places: [(String, String?)] = []
    for (index, certificate) in settings.certificates.enumerated() {
      places.append(("certificates[\(index)].certificate", certificate.certificate))
      places.append(("certificates[\(index)].key", certificate.key))
      places.append(("certificates[\(index)].ocsp_response", certificate.ocspResponse))
    }
    places.append(("ticket_keys", settings.ticketKeys))
    switch settings.clientCertificates {
    case .none: break
    case .optional(let ca), .required(let ca): places.append(("client_ca", ca))
    }
    var summaries: [CertificateSummary] = []
    let faults = finding(sources, path, places) { () throws(TLSFault) in
      summaries = try TLSServerContext(settings).certificates
    }
    return faults
      + summaries.enumerated().compactMap { dateFinding($1, at: "\(path).certificates[\($0)].certificate", sources) }
  }

  static func finding(
    _ sources: SourceMap, _ path: String, _ places: [(key: String, file: String?)],
    _ build: () throws(TLSFault) -> Void
  ) -> [Diagnostic] {
    do throws(TLSFault) {
      try build()
      return []
    } catch {
      let key = places.first { $0.file == error.file }?.key
      let place = key.map { "\(path).\($0)" } ?? path
      return [sources.diagnostic(.error, at: place, "\(error.file): \(error.what)", remedy: error.remedy)]
    }
  }

  private static func dateFinding(_ certificate: CertificateSummary, at path: String, _ sources: SourceMap)
    -> Diagnostic?
  {
    let now = Loop.unixTime
    let remedy = "Renew it; the running gateway reads the new one by itself."
    let days = (certificate.notAfter - now) / 86_400
    if certificate.notAfter < now {
      return sources.diagnostic(.warning, at: path, "\(certificate.file): the certificate has expired", remedy: remedy)
    }
    guard certificate.notAfter < now + CertificateKeeper.notice else { return nil }
    return sources.diagnostic(
      .warning, at: path, "\(certificate.file): the certificate expires in \(days) days", remedy: remedy)
  }
}
