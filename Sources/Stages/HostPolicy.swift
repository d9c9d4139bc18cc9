import Bytes
import HTTP
package import Pipeline

/// Serves only the hosts of the configuration: a page that has pointed its own name at this address gets nothing
/// (GW-71). The challenge comes before it, so that its bytes never depend on Host.
package final class HostPolicy: Stage {
  package let label: StaticString = "host"
  private let allowed: [[UInt8]]

  /// - Parameter authorities: lower-case `host` or `host:port`.
  package init(allowed authorities: [String]) { allowed = authorities.map { [UInt8]($0.utf8) } }

  package func handle(_ exchange: Exchange) -> Verdict {
    // HTTP/1.0 clients may name no host; they cannot have been misled by one.
    guard let authority = exchange.request.authority else { return .proceed }
    return allowed.contains { authority.equalsIgnoringCase($0) } ? .proceed : .reject(.misdirected)
  }
}
