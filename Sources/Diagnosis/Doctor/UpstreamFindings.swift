/// Judges the answer of an MCP server to a request like those that the gateway sends.
enum UpstreamFindings {
  /// - Parameter url: of the upstream.
  static func of(_ answer: ProbeAnswer, url: String) -> Finding {
    switch answer {
    case .failed(let reason):
      return .problem(
        "upstream", "\(url): \(reason)",
        remedy: "Start the MCP server, or correct upstream; clients get 502 or 504 meanwhile. See docs/logs.md for the "
          + "reason.")
    case .response(let response):
      switch response.status {
      case 401, 403:
        return .warning(
          "upstream", "\(url) answers with status \(response.status): it wants credentials of its own",
          remedy: "Turn authentication off there, since the gateway does it: the server gets the identity in headers, "
            + "never the client's token.")
      case 404:
        return .warning(
          "upstream", "\(url) answers with status 404",
          remedy: "See whether the path of upstream.url is that of the MCP endpoint.")
      case 300...399:
        return .warning(
          "upstream", "\(url) redirects to \(response.all("location").first ?? "(nowhere)")",
          remedy: "Write the URL that it redirects to: the gateway follows no redirects. Mind the slash at the end.")
      case 500...599:
        return .warning(
          "upstream", "\(url) answers with status \(response.status)", remedy: "See the log of the MCP server.")
      default: return .ok("upstream", "\(url) answers (status \(response.status))")
      }
    }
  }
}
