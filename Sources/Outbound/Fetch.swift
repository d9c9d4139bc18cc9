package import Bytes
package import HTTP
package import Net

/// A small client for documents: discovery, key sets. One GET, no redirects, bounded in time and size.
package final class Fetch {
  package struct Response {
    package let status: Int
    package let cacheControl: String?
    package let body: [UInt8]
  }

  /// Where a document is.
  package struct Location: Sendable, Equatable {
    package let host: String
    package let port: Int
    /// Path and query.
    package let target: String
    /// As the Host field has it.
    package let authority: String
    /// https.
    package let isSecure: Bool

    package init(host: String, port: Int, target: String, authority: String, isSecure: Bool = false) {
      self.isSecure = isSecure
      self.host = host
      self.port = port
      self.target = target
      self.authority = authority
    }
  }

  package enum Failure: Error {
    case upstream(UpstreamFailure)
    /// The location is https, and nobody has said whom to trust.
    case noTrust
    case timedOut
    case tooLarge
    case truncated

    /// What failed, in words.
    package var description: String {
      switch self {
      case .upstream(let failure):
        [failure.reason.description, failure.detail].compactMap { $0 }.joined(separator: ": ")
      case .noTrust: "it is https, and no trusted authorities are given"
      case .timedOut: "no complete answer in time"
      case .tooLarge: "the document is too large"
      case .truncated: "the connection ended inside the document"
      }
    }
  }

  private let pool: UpstreamPool
  private let request = RequestHead()
  private let limit: Int
  private var completion: ((Result<Response, Failure>) -> Void)?
  private var stream: (any UpstreamStream)?
  private var deadline: Deadline?
  private var status = 0
  private var cacheControl: String?
  private var body: [UInt8] = []

  /// Starts to fetch; `completion` is called once; from inside this call when the failure is known at once.
  ///
  /// - Parameters:
  ///   - tls: how to secure the connection to a location that is https.
  ///   - timeout: milliseconds for everything.
  ///   - limit: bytes of the document at the most.
  @discardableResult
  package static func get(
    _ loop: Loop, _ location: Location, tls: TLSClientContext? = nil, timeout: UInt64 = 10_000, limit: Int = 1 << 20,
    completion: @escaping (Result<Response, Failure>) -> Void
  ) -> Fetch {
    let fetch = Fetch(loop, location, tls, limit, completion)
    // The object keeps itself until it has answered: its deadline holds it.
    let deadline = Deadline(loop.deadlines) { fetch.finish(.failure(.timedOut)) }
    fetch.deadline = deadline
    deadline.set(in: timeout)
    if location.isSecure, tls == nil { fetch.finish(.failure(.noTrust)) } else { fetch.pool.acquire(for: fetch) }
    return fetch
  }

  private init(
    _ loop: Loop, _ location: Location, _ tls: TLSClientContext?, _ limit: Int,
    _ completion: @escaping (Result<Response, Failure>) -> Void
  ) {
    var endpoint = UpstreamEndpoint(.host(location.host, port: location.port))
    endpoint.maxConnections = 1
    if location.isSecure, let tls { endpoint.tls = UpstreamTLS(tls, name: location.host) }
    pool = UpstreamPool(loop, endpoint)
    self.limit = limit
    self.completion = completion
    var text = "GET" + location.target
    text.withUTF8 { text in
      request.fields.store(ByteView(text))
      request.setMethod(0, 3)
      request.setTarget(path: (3, text.count - 3), query: nil)
    }
    request.fields.append("Host", text: location.authority)
    request.fields.append("Accept", "application/json")
    request.fields.append("User-Agent", "portcullis")
  }

  private func finish(_ result: Result<Response, Failure>) {
    guard let completion else { return }
    self.completion = nil
    deadline?.invalidate()
    deadline = nil
    stream?.abort()
    stream = nil
    pool.drain()
    completion(result)
  }
}

extension Fetch: UpstreamClient {
  package func upstreamReady(_ stream: any UpstreamStream) {
    guard completion != nil else { return stream.abort() }
    self.stream = stream
    _ = stream.send(request, .none, from: nil)
  }

  package func upstreamInformed(_ head: ResponseHead) {}

  package func upstreamResponded(_ head: ResponseHead, _ length: BodyLength) -> (any BodySink)? {
    status = head.status
    cacheControl = head.fields.first(other: "cache-control")?.text
    if case .known(let length) = length, length > limit {
      finish(.failure(.tooLarge))
      return nil
    }
    return self
  }

  package func upstreamFailed(_ failure: UpstreamFailure) {
    stream = nil
    finish(.failure(.upstream(failure)))
  }
}

extension Fetch: BodySink {
  package func write(_ bytes: ByteView) -> Flow {
    guard body.count + bytes.count <= limit else {
      finish(.failure(.tooLarge))
      return .wait
    }
    body.append(contentsOf: bytes)
    return .more
  }

  package func finish(_ trailers: Fields?) {
    stream = nil
    finish(.success(Response(status: status, cacheControl: cacheControl, body: body)))
  }

  package func fail(_ failure: BodyFailure) {
    stream = nil
    finish(.failure(.truncated))
  }
}
