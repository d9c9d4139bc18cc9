import Bytes
import Glibc
import HTTP
import JSON
import Net
import Pipeline
import Telemetry
import Testing
import Wire

@testable import Inbound

/// The client's side of the gateway on a loopback socket, with handlers in place of routes.
final class TestGateway {
  let loop: Loop
  let service: InboundService
  let listener: InboundListener
  private let lines: Lines
  private var routes: [Route] = []
  private var clients: [any Pumped] = []
  /// Keeps the loop alive when everything else is closed.
  private let anchor: Listener
  /// Lets no turn of the loop wait for long.
  private let pulse: Pulse

  private final class Lines { var all: [JSONValue] = [] }
  struct NothingHappened: Error {}

  init(
    logsRequests: Bool = true, options: ListenerOptions = ListenerOptions(),
    _ configure: (inout InboundSettings) -> Void = { _ in }
  ) throws {
    var settings = InboundSettings()
    configure(&settings)
    let lines = Lines()
    self.lines = lines
    loop = try Loop()
    let log = Log(logsRequests: logsRequests) { line in
      do { lines.all.append(try JSONValue.parse(Array(line.dropLast()))) } catch { Issue.record("\(error)") }
    }
    service = InboundService(loop, settings, Router([]), log)
    listener = try service.listen(.ip("127.0.0.1", port: 0), backlog: 64, options)
    anchor = try Listener(loop, .ip("127.0.0.1", port: 0), backlog: 1) { transport, _ in transport.close() }
    pulse = Pulse(loop)
  }

  deinit {
    for client in clients { client.close() }
    service.drain(timeout: 0) {}
    for _ in 0..<3 { loop.runOnce() }
    pulse.stop()
    anchor.close()
    loop.runOnce()
  }

  var address: SocketAddress { listener.address }

  // MARK: What it serves

  func on(_ path: String, _ handler: @escaping (Exchange) -> Verdict) {
    serve(path, RequestPath(local: [Handler(handler)]))
  }

  /// Serves the path with a fixed text.
  func on(_ path: String, answer body: String) { on(path) { _ in .respond(.text(body)) } }

  func serve(_ path: String, _ requestPath: RequestPath) {
    routes.append(Route(name: "route \(path)", authority: nil, path: path, isPrefix: false, requestPath))
    service.router = Router(routes)
  }

  // MARK: Driving it

  func connect(to address: SocketAddress? = nil) throws -> TestClient {
    let client = try TestClient(address ?? self.address)
    clients.append(client)
    return client
  }

  /// Connects and speaks HTTP/2.
  func h2(_ limits: HTTP2Limits = HTTP2Limits(head: HeadLimits())) throws -> H2TestClient {
    h2(over: try TestClient(address), limits)
  }

  func h2(over wire: any Wire, _ limits: HTTP2Limits = HTTP2Limits(head: HeadLimits())) -> H2TestClient {
    let client = H2TestClient(wire, limits)
    clients.append(client)
    return client
  }

  /// Connects and sends.
  func client(_ text: String) throws -> TestClient {
    let client = try connect()
    client.send(text)
    return client
  }

  /// Runs the loop and the clients until `condition` holds, for ten seconds at the most.
  func run(until condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let end = Loop.nanoseconds + 10_000_000_000
    while !condition(), Loop.nanoseconds < end { turn() }
    if !condition() {
      Issue.record("what the test waits for did not happen", sourceLocation: sourceLocation)
      throw NothingHappened()
    }
  }

  /// Runs for some turns and some milliseconds of the loop's clock: whatever could happen has happened then.
  func settle() {
    let end = loop.now + 8
    turns(12)
    while loop.now < end { turn() }
  }

  func turns(_ count: Int) { for _ in 0..<count { turn() } }

  /// One turn of the loop, which takes a millisecond when nothing else happens.
  private func turn() {
    loop.runOnce()
    for client in clients { client.pump() }
  }

  /// Runs until the gateway has ended the connection.
  func runUntilEnd(of client: TestClient, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try run(until: { client.end != nil }, sourceLocation: sourceLocation)
  }

  /// Runs until exactly this text has come.
  func expect(_ text: String, at client: TestClient, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try run(until: { client.text.utf8.count >= text.utf8.count || client.end != nil }, sourceLocation: sourceLocation)
    #expect(client.text == text, sourceLocation: sourceLocation)
  }

  // MARK: What it logs

  var log: [JSONValue] { lines.all }

  func events(_ name: String) -> [JSONValue] { log.filter { $0["event"]?.stringValue == name } }

  /// The reasons for which connections were refused, with the details.
  var refusals: [String] {
    events("connection_refused").map { line in
      [line["reason"], line["detail"]].compactMap { $0?.stringValue }.joined(separator: " ")
    }
  }

  /// The access log, a line each: method, path, status, and the reason if there is one.
  var access: [String] {
    events("request").map { line in
      let status = line["status"]?.integerValue ?? -1
      let words = [line["method"]?.stringValue, line["path"]?.stringValue, "\(status)", line["reason"]?.stringValue]
      return words.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
    }
  }
}

/// A deadline that comes every millisecond.
private final class Pulse {
  private var deadline: Deadline?

  init(_ loop: Loop) {
    deadline = Deadline(loop.deadlines) { [unowned self] in deadline?.set(in: 1) }
    deadline?.set(in: 1)
  }

  func stop() { deadline?.invalidate() }
}

/// A stage that is a closure.
private final class Handler: Stage {
  let label: StaticString = "handler"
  private let body: (Exchange) -> Verdict

  init(_ body: @escaping (Exchange) -> Verdict) { self.body = body }

  func handle(_ exchange: Exchange) -> Verdict { body(exchange) }
}

extension Reply {
  static func text(_ body: String) -> Reply { Reply(200, [], body: [UInt8](body.utf8)) }
}

extension String {
  /// The bytes of a successful response to a request that keeps the connection.
  static func ok(_ body: String) -> String { "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)" }

  /// The bytes of a successful response behind which the connection is closed.
  static func okAndClose(_ body: String) -> String {
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  /// A GET request for `path`.
  static func get(_ path: String, _ fields: String = "") -> String {
    "GET \(path) HTTP/1.1\r\nHost: gateway.example\r\n\(fields)\r\n"
  }

  static func post(_ path: String, _ fields: String, _ body: String = "") -> String {
    "POST \(path) HTTP/1.1\r\nHost: gateway.example\r\n\(fields)\r\n\(body)"
  }
}
