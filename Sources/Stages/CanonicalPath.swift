import Bytes
import HTTP
package import Pipeline

/// Sends the spelling of the route's URL with a trailing slash to the one without (GW-25).
package final class CanonicalPath: Stage {
  package let label: StaticString = "canonical_path"
  private let slashed: [UInt8]
  private let rejection: Rejection

  /// - Parameters:
  ///   - path: of the route, without a trailing slash.
  ///   - url: the public URL with that path.
  package init(path: String, url: String) {
    slashed = [UInt8]((path + "/").utf8)
    rejection = .moved(to: url)
  }

  package func handle(_ exchange: Exchange) -> Verdict {
    let path = exchange.request.path
    return slashed.withUnsafeBytes { $0.equals(path) } ? .reject(rejection) : .proceed
  }
}
