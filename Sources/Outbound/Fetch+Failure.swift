extension Fetch {
  package enum Failure: Error {
    /// - Parameter proxy: the one that the request went through.
    case upstream(UpstreamFailure, proxy: ForwardProxy? = nil)
    /// The location is https, and nobody has said whom to trust.
    case noTrust
    case timedOut
    case tooLarge
    case truncated
    /// To another scheme, host or port: whoever may redirect there could choose what we believe.
    case redirected(to: String)
    /// To something that is neither an absolute URL nor a path.
    case badRedirect
    case tooManyRedirects

    /// What failed, in words.
    package var description: String {
      switch self {
      case .upstream(let failure, let proxy):
        [proxy.map { "through the proxy \($0.description)" }, failure.reason.description, failure.detail]
          .compactMap { $0 }.joined(separator: ": ")
      case .noTrust: "it is https, and no trusted authorities are given"
      case .timedOut: "no complete answer in time"
      case .tooLarge: "the document is too large"
      case .truncated: "the connection ended inside the document"
      case .redirected(let target):
        "it redirects to \(target), and redirects to another scheme, host or port are not followed: configure that "
          + "address itself, as discovery_url if this is the discovery document"
      case .badRedirect: "it redirects to what is neither an absolute URL nor a path"
      case .tooManyRedirects: "it redirects more than \(Fetch.redirectLimit) times"
      }
    }
  }
}
