import Net
import Testing
import Web

@testable import Bridge

struct ClientDocumentStoreTests {
  private static let url = "https://app.example/client.json"
  private static let now: Int64 = 1_800_000_000

  /// What name servers say: the next answer, and the last one again and again.
  private final class Names {
    var answers: [[SocketAddress]]
    var asked: [String] = []
    /// Nobody is answered.
    var isSilent = false

    init(_ answers: [SocketAddress]...) { self.answers = answers }

    func resolve(_ host: String, _ port: Int, _ completion: @escaping NameLookups.Completion) {
      asked.append("\(host):\(port)")
      guard !isSilent else { return }
      let answer = answers.count > 1 ? answers.removeFirst() : answers.first ?? []
      completion(answer.isEmpty ? .failure(.notFound) : .success(answer))
    }
  }

  /// What a store has answered to one question.
  private final class Outcome {
    var result: Result<BridgeClient, ClientDocumentFault>?

    var fault: ClientDocumentFault? {
      if case .failure(let fault)? = result { fault } else { nil }
    }
    var client: BridgeClient? { try? result?.get() }
  }

  private let test: TestLoop
  private let server: DocumentServer
  private let names: Names

  init() throws {
    test = try TestLoop()
    server = try DocumentServer(test, answer: DocumentServer.response(DocumentServer.document(Self.url)))
    names = Names([server.address])
  }

  /// A store to which the server's address passes for a public one.
  private func store(_ change: (inout ClientDocumentStore.Settings) -> Void = { _ in }) throws -> ClientDocumentStore {
    let trust = try server.trust()
    let system = try TLSClientContext(TLSClientSettings())
    var settings = ClientDocumentStore.Settings(tls: trust, internalTLS: system)
    settings.isPublic = { $0.host == "127.0.0.1" }
    change(&settings)
    return ClientDocumentStore(test.loop, settings, lookups: NameLookups(names.resolve))
  }

  private func ask(
    _ store: ClientDocumentStore, _ url: String = url, from address: String = "192.0.2.1", at now: Int64 = now
  ) -> Outcome {
    let outcome = Outcome()
    store.find(url, for: Array(address.utf8), now: now) {
      #expect(outcome.result == nil)
      outcome.result = $0
    }
    return outcome
  }

  private func find(_ store: ClientDocumentStore, _ url: String = url, at now: Int64 = now) throws -> Outcome {
    let outcome = ask(store, url, at: now)
    try test.run(until: { outcome.result != nil })
    return outcome
  }

  @Test func aDocumentIsFetchedOnce() throws {
    let store = try store()
    let client = try #require(try find(store).client)
    #expect(client.name == "App")
    #expect(client.kind == .document(host: "app.example"))
    #expect(
      server.requests == [
        "GET /client.json HTTP/1.1\r\nHost: app.example\r\nAccept: application/json\r\nUser-Agent: portcullis\r\n\r\n"
      ])
    #expect(server.peers[0].transport.tls?.serverName == "app.example")
    #expect(names.asked == ["app.example:443"])
    // From now on it is known at once, for as long as it is fresh.
    #expect(ask(store, at: Self.now + 299).client == client)
    #expect(server.requests.count == 1)
    #expect(try find(store, at: Self.now + 300).client == client)
    #expect(server.requests.count == 2)
  }

  // MARK: Where it comes from

  /// DNS rebinding: the address that was judged is the one that is connected to, and nobody is asked again.
  @Test func namesAreLookedUpOnce() throws {
    names.answers = [[server.address], [.ip("127.0.0.2", port: server.port)]]
    #expect(try find(store()).client != nil)
    #expect(names.asked.count == 1)
    #expect(server.requests.count == 1)
  }

  /// One private address among public ones is enough.
  @Test(arguments: [
    ["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"], ["2600::1", "::1"], ["10.0.0.1"],
    ["169.254.169.254"], ["::ffff:127.0.0.1"], ["fd00:ec2::254"], ["64:ff9b::7f00:1"], ["fe80::1%eth0"], ["0.0.0.0"],
  ])
  func privateAddressesAreRefused(_ addresses: [String]) throws {
    names.answers = [addresses.map { .ip($0, port: server.port) }]
    let store = try store { $0.isPublic = AddressGuard.isPublic }
    let fault = try #require(ask(store).fault)
    guard case .notPublic = fault else {
      Issue.record("\(fault)")
      return
    }
    // The user is not told what is in this network; the log is.
    #expect(fault.explanation == ClientDocumentFault.notResolved("").explanation)
    #expect(fault.detail.contains(addresses.last { $0 != "8.8.8.8" } ?? ""))
    try test.run(for: 5)
    #expect(server.peers.isEmpty)
  }

  @Test func aNameThatIsNotKnown() throws {
    names.answers = []
    guard case .notResolved? = ask(try store()).fault else {
      Issue.record("it has no address")
      return
    }
  }

  /// Hosts that the operator knows may be in this network, and have certificates of its own authority.
  @Test func internalHosts() throws {
    let store = try store {
      swap(&$0.tls, &$0.internalTLS)
      $0.isPublic = AddressGuard.isPublic
      $0.internalHosts = HostNames(["app.example"])
      $0.allowedHosts = HostNames([])
    }
    #expect(try find(store).client != nil)
    guard case .hostNotAllowed("other.example")? = ask(store, "https://other.example/c").fault else {
      Issue.record("it is not allowed")
      return
    }
  }

  @Test(arguments: [("app.example", true), ("*.example", true), ("other.example", false), ("*.app.example", false)])
  func allowedHosts(_ name: String, _ isAllowed: Bool) throws {
    let outcome = try find(store { $0.allowedHosts = HostNames([name]) })
    #expect((outcome.client != nil) == isAllowed)
    #expect(outcome.fault == (isAllowed ? nil : .hostNotAllowed("app.example")))
    #expect(names.asked.isEmpty == !isAllowed)
  }

  /// The certificate must be for the name, from an authority that is trusted.
  @Test func certificatesAreChecked() throws {
    let other = try find(store(), "https://other.example/client.json").fault
    guard case .notFetched(let words)? = other, words.contains("tls_wrong_host") else {
      Issue.record("\(String(describing: other))")
      return
    }
    let stranger = try find(store { swap(&$0.tls, &$0.internalTLS) }).fault
    guard case .notFetched(let words)? = stranger, words.contains("tls_") else {
      Issue.record("\(String(describing: stranger))")
      return
    }
    #expect(server.requests.isEmpty)
  }

  @Test func whatIsNoURLOfADocument() throws {
    #expect(ask(try store(), "https://127.0.0.1/c").fault == .badURL("its host is an address"))
    #expect(names.asked.isEmpty)
  }

  // MARK: What it is

  @Test(arguments: [301, 302, 303, 307, 308])
  func redirectsAreNotFollowed(_ status: Int) throws {
    server.answer = DocumentServer.response("", status: status, "Location: /other.json\r\n")
    #expect(try find(store()).fault == .unusable("it redirects", found: "status \(status)"))
    #expect(server.requests.count == 1)
  }

  @Test(arguments: [204, 401, 404, 500])
  func otherStatuses(_ status: Int) throws {
    server.answer = DocumentServer.response("", status: status)
    #expect(try find(store()).fault == .unusable("its server has none", found: "status \(status)"))
  }

  @Test(arguments: [
    ("application/json", true), ("Application/JSON; charset=utf-8", true), ("application/client-id+json", true),
    ("text/html", false), ("application/jsonp", false), ("text/x+json", false), (nil, false),
  ])
  func mediaTypes(_ type: String?, _ isAccepted: Bool) throws {
    server.answer = DocumentServer.response(DocumentServer.document(Self.url), type: type)
    #expect((try find(store()).client != nil) == isAccepted)
  }

  @Test func sizesAreLimited() throws {
    let document = DocumentServer.document(Self.url)
    let padding = String(repeating: " ", count: 65_536 - document.utf8.count)
    server.answer = DocumentServer.response(document + padding)
    #expect(try find(store()).client != nil)
    server.answer = DocumentServer.response(document + padding + " ")
    #expect(try find(store()).fault == .notFetched("the document is too large"))
  }

  @Test func theDocumentIsJudged() throws {
    server.answer = DocumentServer.response(DocumentServer.document("https://app.example/other.json"))
    let fault = try find(store()).fault
    #expect(
      fault == .unusable("its client_id is not the URL it was found at", found: "https://app.example/other.json"))
  }

  @Test func timeIsLimited() throws {
    server.holds = true
    #expect(try find(store { $0.timeout = 50 }).fault == .notFetched("no complete answer in time"))
    names.isSilent = true
    #expect(try find(store { $0.timeout = 20 }).fault == .notFetched("no complete answer in time"))
  }

  // MARK: What is remembered

  @Test func faultsAreRememberedForAShortTime() throws {
    let store = try store()
    server.answer = DocumentServer.response("", status: 404)
    #expect(try find(store).fault != nil)
    server.answer = DocumentServer.response(DocumentServer.document(Self.url))
    #expect(ask(store, at: Self.now + 29).fault != nil)
    #expect(server.requests.count == 1)
    #expect(try find(store, at: Self.now + 30).client != nil)
  }

  @Test(arguments: [("no-store", 60), ("max-age=3600", 3_600), ("max-age=1000000", 86_400)] as [(String, Int64)])
  func documentsAreRememberedAsTheyAsk(_ cacheControl: String, _ seconds: Int64) throws {
    server.answer = DocumentServer.response(
      DocumentServer.document(Self.url), "Cache-Control: \(cacheControl)\r\n")
    let store = try store()
    #expect(try find(store).client != nil)
    #expect(ask(store, at: Self.now + seconds - 1).client != nil)
    #expect(server.requests.count == 1)
    #expect(try find(store, at: Self.now + seconds).client != nil)
    #expect(server.requests.count == 2)
  }

  // MARK: How many at a time

  @Test func whoeverAsksMeanwhileWaitsForTheSame() throws {
    server.holds = true
    let store = try store()
    let outcomes = (0..<ClientDocumentStore.mostWaiting).map { _ in ask(store) }
    try test.run(until: { server.requests.count == 1 })
    #expect(ask(store).fault == .busy)
    #expect(outcomes.allSatisfy { $0.result == nil })
    server.release()
    try test.run(until: { outcomes.allSatisfy { $0.result != nil } })
    #expect(outcomes.allSatisfy { $0.client != nil })
    #expect(server.requests.count == 1)
    #expect(ask(store).client != nil)
  }

  @Test func onlySoManyAreFetched() throws {
    server.holds = true
    let store = try store()
    let outcomes = (0..<ClientDocumentStore.mostFetches).map {
      ask(store, "https://app.example/\($0).json", from: "192.0.2.\($0)")
    }
    let beyond = ask(store, "https://app.example/beyond.json", from: "198.51.100.1")
    #expect(beyond.fault == .busy)
    try test.run(until: { server.requests.count == outcomes.count })
    server.release()
    try test.run(until: { outcomes.allSatisfy { $0.result != nil } })
    // It was not its fault.
    server.answer = DocumentServer.response(DocumentServer.document("https://app.example/beyond.json"))
    #expect(try find(store, "https://app.example/beyond.json").client != nil)
  }

  /// Slow servers of one stranger leave room for everybody else's.
  @Test(arguments: [("192.0.2.1", "192.0.2.1", "192.0.2.2"), ("2001:db8::1", "2001:db8::ffff", "2001:db8:0:1::1")])
  func onlySoManyForOneClient(_ first: String, _ same: String, _ other: String) throws {
    server.holds = true
    let store = try store()
    let outcomes = (0..<ClientDocumentStore.mostFetchesForOne).map {
      ask(store, "https://app.example/\($0).json", from: first)
    }
    #expect(ask(store, from: same).fault == .busy)
    // Waiting for what somebody else has asked for costs nothing.
    let shared = ask(store, "https://app.example/0.json", from: same)
    let another = ask(store, from: other)
    try test.run(until: { server.requests.count == outcomes.count + 1 })
    server.release()
    try test.run(until: { another.result != nil && shared.result != nil && outcomes.allSatisfy { $0.result != nil } })
    #expect(another.client != nil)
  }

  /// Name servers of a stranger that do not answer hold up other strangers only, and that is not held against those.
  @Test func slowNameServers() throws {
    names.isSilent = true
    let store = try store { $0.timeout = 30 }
    let first = ask(store, "https://slow.example/c")
    let second = ask(store)
    try test.run(until: { first.result != nil && second.result != nil })
    #expect(first.fault == .notFetched("no complete answer in time"))
    #expect(second.fault == .busy)
    #expect(names.asked == ["slow.example:443"])
  }
}
