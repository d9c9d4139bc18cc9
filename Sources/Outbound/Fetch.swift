package import Bytes
package import HTTP
package import Net

/// One request for a document: discovery, key sets, what a provider knows about a token. Time and size are bounded
/// for the whole of it, with the redirects it follows: from GET, on the same origin.
package final class Fetch {
  package struct Request {
    package let location: Location
    /// Of `application/x-www-form-urlencoded`, sent with POST; nil: GET.
    package var form: [UInt8]?
    /// Media types of the document.
    package var accept = "application/json"
    /// The credentials, with their scheme.
    package var authorization: String?
    /// Whether redirects are followed; else they are the answer.
    package var followsRedirects = true

    package init(_ location: Location) { self.location = location }
  }

  package struct Response {
    package let status: Int
    package let contentType: String?
    package let cacheControl: String?
    /// Seconds since the origin made the document, as caches on the way say (RFC 9111 §5.1).
    package let age: Int?
    /// When the sender made it, by its own clock (RFC 9110 §6.6.1).
    package let date: String?
    package let body: [UInt8]
    /// Where it was in the end.
    package let location: Location
  }

  static let redirectLimit = 3

  private let pool: UpstreamPool
  private let request: Request
  private var location: Location
  private var completion: ((Result<Response, Failure>) -> Void)?
  private var stream: (any UpstreamStream)?
  private var deadline: Deadline?
  /// Bytes of bodies that may still come.
  private var room: Int
  private var redirects = 0
  /// Where to go once the response under way is over.
  private var next: Location?
  private var status = 0
  private var contentType: String?
  private var cacheControl: String?
  private var age: Int?
  private var date: String?
  private var body: [UInt8] = []

  /// Gets one document over a connection of its own; `completion` is called once, from inside this call when the
  /// failure is known at once.
  ///
  /// - Parameters:
  ///   - tls: how to secure the connection to a location that is https.
  ///   - proxy: the forward proxy to go through.
  ///   - timeout: milliseconds for everything.
  ///   - limit: bytes of the document at the most.
  package static func get(
    _ loop: Loop, _ location: Location, tls: TLSClientContext? = nil, proxy: ForwardProxy? = nil,
    timeout: UInt64 = 10_000, limit: Int = 1 << 20, completion: @escaping (Result<Response, Failure>) -> Void
  ) {
    guard var endpoint = UpstreamEndpoint(location, tls: tls, proxy: proxy) else {
      return completion(.failure(.noTrust))
    }
    endpoint.maxConnections = 1
    let pool = UpstreamPool(loop, endpoint)
    send(Request(location), over: pool, timeout: timeout, limit: limit) { result in
      pool.drain()
      completion(result)
    }
  }

  /// Sends a request over connections to its location's origin; `completion` is called once, from inside this call
  /// when the failure is known at once. See `get` for the parameters.
  @discardableResult
  package static func send(
    _ request: Request, over pool: UpstreamPool, timeout: UInt64, limit: Int,
    completion: @escaping (Result<Response, Failure>) -> Void
  ) -> Fetch {
    let fetch = Fetch(request, pool, limit, completion)
    // The object keeps itself until it has answered: its deadline holds it.
    let deadline = Deadline(pool.loop.deadlines) { fetch.finish(.failure(.timedOut)) }
    fetch.deadline = deadline
    deadline.set(in: timeout)
    pool.acquire(for: fetch)
    return fetch
  }

  private init(
    _ request: Request, _ pool: UpstreamPool, _ limit: Int, _ completion: @escaping (Result<Response, Failure>) -> Void
  ) {
    self.request = request
    self.pool = pool
    self.completion = completion
    location = request.location
    room = limit
  }

  /// Gives up; nobody is called.
  package func cancel() { _ = end() }

  private func finish(_ result: Result<Response, Failure>) { end()?(result) }

  private func fail(_ failure: UpstreamFailure) {
    finish(.failure(.upstream(failure, proxy: pool.endpoint.proxy)))
  }

  /// - Returns: who is still to be told.
  private func end() -> ((Result<Response, Failure>) -> Void)? {
    guard let completion else { return nil }
    self.completion = nil
    deadline?.invalidate()
    deadline = nil
    if let stream { stream.abort() } else { pool.cancel(self) }
    stream = nil
    return completion
  }

  private func head() -> RequestHead {
    let head = RequestHead()
    let method = request.form == nil ? "GET" : "POST"
    // Without a tunnel the proxy must be told where the request goes (RFC 9112 §3.2.2).
    let isForwarded = pool.endpoint.proxy != nil && !location.isSecure
    var text = method + (isForwarded ? location.url : location.target)
    text.withUTF8 { text in
      head.fields.store(ByteView(text))
      head.setMethod(0, method.utf8.count)
      head.setTarget(path: (method.utf8.count, text.count - method.utf8.count), query: nil)
    }
    head.fields.append("Host", text: location.authority)
    head.fields.append("Accept", text: request.accept)
    if let authorization = request.authorization { head.fields.append("Authorization", text: authorization) }
    if request.form != nil { head.fields.append("Content-Type", "application/x-www-form-urlencoded") }
    head.fields.append("User-Agent", "portcullis")
    return head
  }

  /// Where this response sends us on, if it does; one to a POST does not.
  private func redirect(_ head: ResponseHead) throws(Failure) -> Location? {
    guard request.followsRedirects, request.form == nil, [301, 302, 303, 307, 308].contains(head.status),
      let reference = head.fields.first(other: "location")?.text
    else { return nil }
    let target = try location.redirected(to: reference)
    guard redirects < Self.redirectLimit else { throw .tooManyRedirects }
    redirects += 1
    return target
  }
}

extension Fetch: UpstreamClient {
  package func upstreamReady(_ stream: any UpstreamStream) {
    guard completion != nil else { return stream.abort() }
    self.stream = stream
    guard let form = request.form, !form.isEmpty else {
      _ = stream.send(head(), .none, from: nil)
      return
    }
    let sink = stream.send(head(), .known(form.count), from: nil)
    // It is small: what the connection does not take at once waits in it.
    _ = form.withUnsafeBytes { sink.write($0) }
    sink.finish(nil)
  }

  package func upstreamInformed(_ head: ResponseHead) {}

  package func upstreamResponded(_ head: ResponseHead, _ length: BodyLength) -> (any BodySink)? {
    status = head.status
    contentType = head.fields.first(.contentType)?.text
    cacheControl = head.fields.combined(other: "cache-control")
    date = head.fields.first(.date)?.text
    age = head.fields.first(other: "age").flatMap { Int($0.text) }.flatMap { $0 < 0 ? nil : $0 }
    // Only the proxy says that (RFC 9110 §15.5.8), and not from inside a tunnel.
    if status == 407, pool.endpoint.proxy != nil, !location.isSecure {
      fail(.proxyRefused(status: status))
      return nil
    }
    if case .known(let length) = length, length > room {
      finish(.failure(.tooLarge))
      return nil
    }
    do throws(Failure) {
      next = try redirect(head)
    } catch {
      finish(.failure(error))
      return nil
    }
    return self
  }

  package func upstreamFailed(_ failure: UpstreamFailure) {
    stream = nil
    fail(failure)
  }
}

extension Fetch: BodySink {
  package func write(_ bytes: ByteView) -> Flow {
    guard bytes.count <= room else {
      finish(.failure(.tooLarge))
      return .wait
    }
    room -= bytes.count
    if next == nil { body.append(contentsOf: bytes) }
    return .more
  }

  package func finish(_ trailers: Fields?) {
    stream = nil
    if let next {
      location = next
      self.next = nil
      return pool.acquire(for: self)
    }
    finish(
      .success(
        Response(
          status: status, contentType: contentType, cacheControl: cacheControl, age: age, date: date, body: body,
          location: location)))
  }

  package func fail(_ failure: BodyFailure) {
    stream = nil
    finish(.failure(.truncated))
  }
}

extension Fields {
  /// The values of all fields with this lower-case name, in one list (RFC 9110 §5.3).
  fileprivate func combined(other name: StaticString) -> String? {
    let values = (0..<count).filter { self.name($0) == .other && spelling($0).equalsIgnoringCase(name) }
    return values.isEmpty ? nil : values.map { value($0).text }.joined(separator: ", ")
  }
}
