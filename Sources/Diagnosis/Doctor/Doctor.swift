package import Configuration
import Gateway
import HTTP
import Identity
import JSON
package import Net
import Outbound

/// Walks the way of a client along the routes of a configuration: what it meets, and what is behind the gateway.
/// Nothing is changed anywhere, and nothing is tried twice.
package final class Doctor {
  package struct Options {
    /// Where to connect to instead of the public host.
    package var connect: (host: String, port: Int)?
    /// PEM, the authorities that may have issued the gateway's certificate; nil: the system's.
    package var ca: String?

    package init() {}
  }

  /// Milliseconds for one question, and for everything.
  static let stepLimit: UInt64 = 5_000
  static let limit: UInt64 = 30_000

  let errands: Errands
  let options: Options
  let configuration: GatewayConfiguration
  private let choice: RouteChoice

  package init(_ configuration: GatewayConfiguration, _ choice: RouteChoice, _ options: Options) throws(NetFailure) {
    self.configuration = configuration
    self.choice = choice
    self.options = options
    errands = try Errands(limit: Self.limit)
  }

  package func examine() -> HealthReport {
    var sections = choice.routes.map { PublicVisit(self, $0.route).section() }
    var seen: [AuthorizationConfiguration] = []
    let entries = choice.routes.flatMap(\.entries).map(\.entry)
    for entry in entries where !seen.contains(where: { $0.isReached(as: entry) }) {
      seen.append(entry)
      // Where some clients go to the provider themselves, they need what it offers.
      let isBridged = entries.allSatisfy { !$0.isReached(as: entry) || $0.bridge != nil }
      sections.append(
        ProviderVisit(errands, entry, bridge: isBridged ? configuration.bridge(of: entry) : nil).section())
    }
    sections += choice.routes.map { route in
      HealthReport.Section("MCP server of route \(route.route.name)", [UpstreamVisit(errands, route.route).finding()])
    }
    let certificates = certificates()
    if !certificates.isEmpty {
      sections.append(HealthReport.Section("certificates of the configuration", certificates))
    }
    sections.append(HealthReport.Section("redirect URIs to register at the provider", redirects(entries)))
    return HealthReport(sections)
  }

  private func redirects(_ entries: [AuthorizationConfiguration]) -> [Finding] {
    let names = entries.compactMap(\.bridge)
    let bridges = configuration.bridges.filter { names.contains($0.name) }.map { BridgeFindings(bridge: $0).redirect }
    return bridges + (names.count < entries.count || entries.isEmpty ? ProviderFindings.redirects : [])
  }

  private func certificates() -> [Finding] {
    let files = configuration.listeners.flatMap { $0.tls?.certificates.map(\.certificate) ?? [] }
    return files.map { file in
      do throws(TLSFault) {
        guard let leaf = try CertificateSummary.read(chain: file).first else {
          return .problem("certificate", "\(file) holds none", remedy: "Put the certificate of the server first.")
        }
        return CertificateFindings.of(leaf, at: file, now: Loop.unixTime)
      } catch {
        return .problem("certificate", "\(error.file) \(error.what)", remedy: error.remedy)
      }
    }
  }
}

extension AuthorizationConfiguration {
  /// Whether the same provider is asked in the same way.
  fileprivate func isReached(as other: AuthorizationConfiguration) -> Bool {
    issuer == other.issuer && discoveryURLs == other.discoveryURLs && jwksURI == other.jwksURI
      && jwksFile == other.jwksFile && providerCA == other.providerCA && providerProxy == other.providerProxy
      && introspection?.endpoint == other.introspection?.endpoint && clockSkew == other.clockSkew
  }
}
