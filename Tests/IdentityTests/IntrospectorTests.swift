import JOSE
import JSON
import Net
import Outbound
import Testing

@testable import Identity

struct IntrospectorTests {
  private let test: TestLoop

  init() throws { test = try TestLoop() }

  /// An introspector, what it reports, and what comes of the questions.
  private final class Watch {
    let introspector: Introspector
    private(set) var outcomes: [String] = []
    private let read: () -> [String]
    var lines: [String] { read() }

    init(
      _ test: TestLoop, _ url: @autoclosure @escaping () -> String?, _ change: (inout Introspector.Settings) -> Void
    ) {
      final class Reports { var lines: [String] = [] }
      let reports = Reports()
      var settings = Introspector.Settings(
        endpoint: url, authentication: .secretInField(id: "me", secret: "secret"))
      change(&settings)
      introspector = Introspector(test.loop, settings) { event in
        switch event {
        case .failed(let reason, let pause): reports.lines.append(pause.map { "\(reason); pause \($0)" } ?? reason)
        case .recovered: reports.lines.append("recovered")
        }
      }
      read = { reports.lines }
    }

    @discardableResult
    func ask(_ token: String) -> Introspector.Waiter? {
      introspector.ask(token: Array(token.utf8)) { [self] outcome in
        switch outcome {
        case .answer(let value): outcomes.append(String(decoding: value.serialized(), as: UTF8.self))
        case .unavailable(let seconds, let reason): outcomes.append("\(seconds) \(reason)")
        }
      }
    }
  }

  private func watch(
    _ endpoint: TestEndpoint, _ change: (inout Introspector.Settings) -> Void = { _ in }
  ) -> Watch {
    let url = endpoint.url
    return Watch(test, url, change)
  }

  /// Asks and waits for what comes.
  private func ask(_ watch: Watch, _ token: String) throws -> String? {
    let count = watch.outcomes.count
    watch.ask(token)
    try test.run(until: { watch.outcomes.count > count })
    return watch.outcomes.last
  }

  // MARK: Questions

  @Test func aQuestion() throws {
    let endpoint = try TestEndpoint(test) { _ in TestEndpoint.json(#"{"active":true,"sub":"jane"}"#) }
    let watch = watch(endpoint)
    #expect(try ask(watch, "a+b/c=") == #"{"active":true,"sub":"jane"}"#)
    #expect(endpoint.requests.map(\.form) == ["token=a%2Bb%2Fc%3D&token_type_hint=access_token"])
    let head = try #require(endpoint.requests.first?.head)
    #expect(head.hasPrefix("POST /introspect HTTP/1.1\r\nHost: 127.0.0.1:"))
    #expect(head.contains("\r\nAccept: application/json\r\nAuthorization: Basic bWU6c2VjcmV0\r\n"))
    #expect(head.contains("\r\nContent-Type: application/x-www-form-urlencoded\r\n"))
    #expect(watch.lines.isEmpty)
  }

  @Test func connectionsAreKept() throws {
    let endpoint = try TestEndpoint(test)
    let watch = watch(endpoint)
    for token in ["a", "b", "c"] { #expect(try ask(watch, token) == #"{"active":true}"#) }
    #expect(endpoint.requests.count == 3)
    #expect(endpoint.connections.count == 1)
  }

  @Test func otherWaysToAuthenticate() throws {
    let endpoint = try TestEndpoint(test)
    _ = try ask(watch(endpoint) { $0.authentication = .secretInForm(id: "me", secret: "x") }, "t")
    let key = try SigningKey.generate(.es256, kid: "k")
    _ = try ask(watch(endpoint) { $0.authentication = .privateKey(id: "me", key, audience: "https://idp") }, "t")
    #expect(endpoint.requests[0].form == "token=t&token_type_hint=access_token&client_id=me&client_secret=x")
    #expect(endpoint.requests[1].form.contains("&client_id=me&client_assertion_type=urn%3A"))
    #expect(endpoint.requests.allSatisfy { !$0.head.contains("Authorization") })
  }

  @Test func oneQuestionServesEveryoneWhoAsksForTheSameToken() throws {
    let endpoint = try TestEndpoint(test) { TestEndpoint.json(#"{"active":\#($0.hasPrefix("token=one"))}"#) }
    endpoint.holds = true
    let watch = watch(endpoint)
    for _ in 0..<5 { #expect(watch.ask("one") != nil) }
    watch.ask("two")
    try test.run(until: { endpoint.requests.count == 2 })
    endpoint.release()
    try test.run(until: { watch.outcomes.count == 6 })
    #expect(watch.outcomes.filter { $0 == #"{"active":true}"# }.count == 5)
    #expect(watch.outcomes.filter { $0 == #"{"active":false}"# }.count == 1)
    // Nothing is remembered.
    _ = try ask(watch, "one")
    #expect(endpoint.requests.count == 3)
  }

  /// The endpoint may be known later, and may change.
  @Test func theEndpointIsLookedUpEachTime() throws {
    let endpoints = try [TestEndpoint(test), TestEndpoint(test)]
    final class Known { var url: String? }
    let known = Known()
    let watch = Watch(test, known.url) { _ in }
    #expect(watch.ask("a") == nil)
    #expect(watch.outcomes == ["1 the provider's metadata has no introspection_endpoint, or is not there yet"])
    #expect(watch.lines.isEmpty)
    for endpoint in endpoints {
      known.url = endpoint.url
      #expect(try ask(watch, "a") == #"{"active":true}"#)
    }
    #expect(endpoints.map(\.requests.count) == [1, 1])
    try test.run(until: { endpoints[0].connections[0].ended != nil })
  }

  @Test func throughAProxy() throws {
    let proxy = try TestEndpoint(test)
    let port = try #require(proxy.url.split(separator: ":").last.flatMap { Int($0.prefix { $0 != "/" }) })
    let watch = Watch(test, "http://idp.invalid/introspect") {
      $0.allowPlaintext = true
      $0.proxy = ForwardProxy(host: "127.0.0.1", port: port)
    }
    #expect(try ask(watch, "a") == #"{"active":true}"#)
    #expect(proxy.requests[0].head.hasPrefix("POST http://idp.invalid/introspect HTTP/1.1\r\nHost: idp.invalid\r\n"))
  }

  // MARK: What can go wrong

  @Test(arguments: [
    (TestEndpoint.status(401), "status 401: check client_id"),
    (TestEndpoint.status(403), "status 403: check client_id"),
    (TestEndpoint.status(404), "status 404: check introspection.endpoint"), (TestEndpoint.status(500), "status 500"),
    (TestEndpoint.status(201), "status 201"), (TestEndpoint.status(204), "status 204"),
    ("HTTP/1.1 302 X\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", "status 302"),
    (TestEndpoint.json("nonsense"), "not a JSON object"), (TestEndpoint.json("[true]"), "not a JSON object"),
    (TestEndpoint.json(#"{"active":true,"active":false}"#), "not a JSON object"),
    (TestEndpoint.json("{}"), "no boolean `active`"), (TestEndpoint.json(#"{"active":"true"}"#), "no boolean `active`"),
    (TestEndpoint.json(#"{"active":1}"#), "no boolean `active`"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n", "too large"), ("garbage\r\n\r\n", "upstream_malformed"),
  ])
  func answersThatAreNone(_ answer: String, _ reason: String) throws {
    let endpoint = try TestEndpoint(test) { _ in answer }
    let watch = watch(endpoint)
    for count in 1...3 {
      let outcome = try #require(try ask(watch, "hidden-\(count)"))
      #expect(outcome.hasPrefix("1 \(endpoint.url): "))
      #expect(outcome.contains(reason), "\(outcome)")
    }
    #expect(watch.lines.count == 3)
    #expect(watch.lines.last?.hasSuffix("; pause 1000") == true)
    #expect(!watch.lines.contains { $0.contains("hidden") })
    // From now on the answer comes at once, and the provider is left in peace.
    #expect(watch.ask("another") == nil)
    #expect(watch.outcomes.last?.hasPrefix("1 \(endpoint.url): ") == true)
    #expect(endpoint.requests.count == 3)
    #expect(watch.lines.count == 3)
  }

  /// Somebody who sends tokens that the provider cannot stand does not cut off the others.
  @Test(arguments: [400, 413, 414, 422, 431])
  func refusalsOfOneToken(_ status: Int) throws {
    let endpoint = try TestEndpoint(test) {
      $0.hasPrefix("token=bad") ? TestEndpoint.status(status) : TestEndpoint.json(#"{"active":true}"#)
    }
    let watch = watch(endpoint)
    for _ in 0..<5 { #expect(try ask(watch, "bad")?.hasSuffix("it answered with status \(status)") == true) }
    #expect(try ask(watch, "good") == #"{"active":true}"#)
    #expect(watch.lines.count == 5)
  }

  @Test(arguments: [
    ("http://10.0.0.1/x", "loopback"), ("nonsense", "absolute"), ("https://idp.invalid/x", "no trusted authorities"),
  ])
  func anEndpointThatCannotBeAsked(_ url: String, _ reason: String) {
    let watch = Watch(test, url) { _ in }
    for _ in 0..<5 { #expect(watch.ask("t") == nil) }
    #expect(watch.outcomes.count == 5)
    #expect(watch.outcomes.allSatisfy { $0.hasPrefix("1 \(url): ") && $0.contains(reason) })
    #expect(watch.lines.count == 3)
  }

  @Test func theProviderIsDownAndComesBack() throws {
    let endpoint = try TestEndpoint(test) { _ in TestEndpoint.status(503) }
    let watch = watch(endpoint)
    for token in ["a", "b", "c"] { _ = try ask(watch, token) }
    endpoint.answer = { _ in TestEndpoint.json(#"{"active":true}"#) }
    endpoint.holds = true
    #expect(watch.ask("d") == nil)
    // The probe, once the pause is over; nobody else is let through meanwhile.
    try test.run(for: CircuitBreaker.firstPause)
    #expect(watch.ask("e") != nil)
    #expect(watch.ask("f") == nil)
    #expect(watch.ask("e") != nil)
    try test.run(until: { endpoint.requests.count == 4 })
    endpoint.release()
    try test.run(until: { watch.outcomes.count == 7 })
    #expect(watch.outcomes.suffix(2) == [#"{"active":true}"#, #"{"active":true}"#])
    #expect(watch.lines.last == "recovered")
    #expect(try ask(watch, "f") == #"{"active":true}"#)
  }

  @Test func nobodyListens() throws {
    let endpoint = try TestEndpoint(test)
    let watch = watch(endpoint)
    endpoint.stop()
    try test.run(for: 1)
    #expect(try ask(watch, "a")?.contains("ECONNREFUSED") == true)
  }

  @Test func aSilentProvider() throws {
    let endpoint = try TestEndpoint(test)
    endpoint.holds = true
    let watch = watch(endpoint) { $0.timeout = 30 }
    #expect(try ask(watch, "a") == "1 \(endpoint.url): no complete answer in time")
    try test.run(until: { endpoint.connections.first?.ended != nil })
  }

  // MARK: Bounds

  @Test func questionsWaitForTheirTurn() throws {
    let endpoint = try TestEndpoint(test)
    endpoint.holds = true
    let watch = watch(endpoint) { $0.maxRequests = 2 }
    for index in 0..<10 { #expect(watch.ask("t\(index)") != nil) }
    #expect(watch.ask("one too many") == nil)
    #expect(watch.outcomes == ["1 too many questions wait for their turn"])
    // Who asks for a token that is asked about takes no place.
    #expect(watch.ask("t9") != nil)
    try test.run(until: { endpoint.requests.count == 2 })
    try test.run(for: 5)
    #expect(endpoint.requests.count == 2)
    endpoint.release()
    try test.run(until: { watch.outcomes.count == 12 })
    #expect(endpoint.requests.count == 10)
    #expect(endpoint.connections.count == 2)
  }

  @Test func theWaitIsBounded() throws {
    let endpoint = try TestEndpoint(test)
    endpoint.holds = true
    let watch = watch(endpoint) {
      $0.maxRequests = 1
      $0.timeout = 40
    }
    watch.ask("a")
    try test.run(for: 10)
    watch.ask("b")
    watch.ask("c")
    watch.ask("d")
    // The first one's time is over before that of the others: one of them has its turn, and they theirs.
    try test.run(until: { watch.outcomes.count == 4 })
    #expect(watch.outcomes[0].contains("no complete answer in time"))
    #expect(watch.outcomes[1...].contains("1 its turn did not come in time"))
  }

  /// An outage does not keep those waiting who have not been asked for yet.
  @Test func thePauseAnswersThoseWhoWait() throws {
    let endpoint = try TestEndpoint(test) { _ in TestEndpoint.status(500) }
    endpoint.holds = true
    let watch = watch(endpoint) { $0.maxRequests = 3 }
    for index in 0..<10 { watch.ask("t\(index)") }
    try test.run(until: { endpoint.requests.count == 3 })
    endpoint.release()
    try test.run(until: { watch.outcomes.count == 10 })
    // The first to fail let others in before the third began the pause.
    #expect((3...5).contains(endpoint.requests.count))
    #expect(watch.lines.count == 3)
  }

  // MARK: Who goes away

  @Test func aCancelledWaiterIsSilent() throws {
    let endpoint = try TestEndpoint(test)
    endpoint.holds = true
    let watch = watch(endpoint)
    let first = watch.ask("t")
    watch.ask("t")
    try test.run(until: { endpoint.requests.count == 1 })
    first?.cancel()
    first?.cancel()
    endpoint.release()
    try test.run(until: { watch.outcomes.count == 1 })
    try test.run(for: 5)
    #expect(watch.outcomes.count == 1)
  }

  @Test func aQuestionThatNobodyAsksAnyLongerEnds() throws {
    let endpoint = try TestEndpoint(test)
    endpoint.holds = true
    let watch = watch(endpoint) { $0.maxRequests = 1 }
    let waiters = [watch.ask("a"), watch.ask("a")]
    let waiting = watch.ask("b")
    watch.ask("c")
    try test.run(until: { endpoint.requests.count == 1 })
    waiting?.cancel()
    for waiter in waiters { waiter?.cancel() }
    // The next one has its turn; the one that was cancelled while it waited never has.
    try test.run(until: { endpoint.requests.count == 2 && endpoint.connections[0].ended != nil })
    #expect(endpoint.requests[1].form.hasPrefix("token=c&"))
    endpoint.release()
    try test.run(until: { watch.outcomes.count == 1 })
    #expect(try ask(watch, "a") == #"{"active":true}"#)
  }

  @Test func aProbeThatIsCancelled() throws {
    let endpoint = try TestEndpoint(test) { _ in TestEndpoint.status(500) }
    let watch = watch(endpoint)
    for token in ["a", "b", "c"] { _ = try ask(watch, token) }
    try test.run(for: CircuitBreaker.firstPause)
    watch.ask("d")?.cancel()
    endpoint.answer = { _ in TestEndpoint.json(#"{"active":true}"#) }
    #expect(try ask(watch, "e") == #"{"active":true}"#)
  }

  @Test func anIntrospectorMayGo() throws {
    let endpoint = try TestEndpoint(test)
    weak var released: Introspector?
    do {
      let watch = watch(endpoint)
      released = watch.introspector
      _ = try ask(watch, "a")
      endpoint.holds = true
      let waiter = watch.ask("b")
      try test.run(until: { endpoint.requests.count == 2 })
      waiter?.cancel()
    }
    try test.run(until: { released == nil && endpoint.connections.allSatisfy { $0.ended != nil } })
  }
}
