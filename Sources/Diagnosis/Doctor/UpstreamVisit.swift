import Configuration
import Gateway
import Net
import Outbound

/// What the gateway meets at the MCP server of a route.
struct UpstreamVisit {
  private let errands: Errands
  private let upstream: UpstreamConfiguration

  init(_ errands: Errands, _ route: RouteConfiguration) {
    self.errands = errands
    upstream = route.upstream
  }

  func finding() -> Finding {
    let url = upstream.url
    let endpoint: UpstreamEndpoint
    do {
      endpoint = try ProviderAccess.upstream(upstream)
    } catch {
      return .problem("upstream", error.description, remedy: "Correct upstream.tls.")
    }
    let location = Fetch.Location(
      host: url.host, port: url.port, target: url.path.isEmpty ? "/" : url.path, authority: url.authority,
      isSecure: upstream.tls != nil)
    var request = Probe.Request("POST", location)
    request.fields = MCPRequest.fields
    request.body = MCPRequest.initialize
    let place = upstream.socket.map { "\(url) over \($0)" } ?? url.description
    return UpstreamFindings.of(errands.ask(request, endpoint), url: place)
  }
}
