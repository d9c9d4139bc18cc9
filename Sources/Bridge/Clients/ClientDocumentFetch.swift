import Bytes
import Identity
import Net
import Outbound

/// Gets one client metadata document from where a stranger says it is, and not from inside of our network: its host is
/// looked up once, all its addresses must be public, and the connection goes to one of those and nowhere else. No
/// forward proxy is asked: it would look up the name again.
final class ClientDocumentFetch {
  struct Answer {
    let client: BridgeClient
    let freshness: Freshness
  }

  typealias Completion = (Result<Answer, ClientDocumentFault>) -> Void

  private let loop: Loop
  private let url: ClientDocumentURL
  private let tls: TLSClientContext
  private let lookups: NameLookups
  private let mayConnect: (SocketAddress) -> Bool
  private var completion: Completion?
  private var deadline: Deadline?
  private var ticket: NameLookups.Ticket?
  private var fetch: Fetch?

  /// Calls back once, perhaps from inside this call.
  ///
  /// - Parameters:
  ///   - mayConnect: asked about each address of the host.
  ///   - timeout: milliseconds for everything.
  static func start(
    _ loop: Loop, _ url: ClientDocumentURL, tls: TLSClientContext, lookups: NameLookups,
    mayConnect: @escaping (SocketAddress) -> Bool, timeout: UInt64, completion: @escaping Completion
  ) {
    ClientDocumentFetch(loop, url, tls, lookups, mayConnect, completion).start(timeout)
  }

  private init(
    _ loop: Loop, _ url: ClientDocumentURL, _ tls: TLSClientContext, _ lookups: NameLookups,
    _ mayConnect: @escaping (SocketAddress) -> Bool, _ completion: @escaping Completion
  ) {
    self.loop = loop
    self.url = url
    self.tls = tls
    self.lookups = lookups
    self.mayConnect = mayConnect
    self.completion = completion
  }

  private func start(_ timeout: UInt64) {
    // The object keeps itself until it has answered: its deadline holds it.
    let deadline = Deadline(loop.deadlines) { [self] in expire() }
    self.deadline = deadline
    deadline.set(in: timeout)
    let end = loop.now + timeout
    let ticket = lookups.find(url.location.host, url.location.port) { [self] result in
      switch result {
      case .success(let addresses): located(addresses, end)
      case .failure(let failure): finish(.failure(.notResolved(failure.description)))
      }
    }
    if completion != nil { self.ticket = ticket }
  }

  private func expire() {
    // Those before it have taken all the time: that says nothing about this one.
    let isBusy = ticket.map { lookups.isWaiting($0) } ?? false
    finish(.failure(isBusy ? .busy : .notFetched("no complete answer in time")))
  }

  private func finish(_ result: Result<Answer, ClientDocumentFault>) {
    guard let completion else { return }
    self.completion = nil
    deadline?.invalidate()
    deadline = nil
    if let ticket { lookups.cancel(ticket) }
    ticket = nil
    fetch?.cancel()
    fetch = nil
    completion(result)
  }

  /// One address that is not public is one too many: whoever has it listed has no business with the others.
  private func located(_ addresses: [SocketAddress], _ end: UInt64) {
    guard completion != nil else { return }
    let refused = addresses.filter { !mayConnect($0) }
    guard refused.isEmpty else {
      return finish(.failure(.notPublic(refused.prefix(4).map(\.host).joined(separator: ", "))))
    }
    guard var endpoint = UpstreamEndpoint(url.location, tls: tls, proxy: nil) else {
      return finish(.failure(.notFetched(Fetch.Failure.noTrust.description)))
    }
    endpoint.pinnedAddresses = addresses
    endpoint.maxConnections = 1
    let pool = UpstreamPool(loop, endpoint)
    var request = Fetch.Request(url.location)
    request.followsRedirects = false
    let timeout = end > loop.now ? end - loop.now : 1
    fetch = Fetch.send(request, over: pool, timeout: timeout, limit: ClientDocument.sizeLimit) { [self] result in
      fetch = nil
      pool.drain()
      switch result {
      case .success(let response): finish(judge(response))
      case .failure(let failure): finish(.failure(.notFetched(failure.description)))
      }
    }
    if completion == nil { fetch = nil }
  }

  private func judge(_ response: Fetch.Response) -> Result<Answer, ClientDocumentFault> {
    guard response.status == 200 else {
      let isRedirect = 300..<400 ~= response.status
      return .failure(
        .unusable(isRedirect ? "it redirects" : "its server has none", found: "status \(response.status)"))
    }
    let type = response.contentType?.prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }.lowercased()
    guard let type, type == "application/json" || (type.hasPrefix("application/") && type.hasSuffix("+json")) else {
      return .failure(.unusable("it is not of type application/json", found: response.contentType ?? "no type"))
    }
    do throws(ClientDocumentFault) {
      let client = try ClientDocument.client(response.body, at: url)
      return .success(
        Answer(client: client, freshness: Freshness(cacheControl: response.cacheControl, age: response.age)))
    } catch {
      return .failure(error)
    }
  }
}
