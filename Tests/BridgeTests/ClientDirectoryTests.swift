import JOSE
import JSON
import Net
import Testing
import Web

@testable import Bridge

struct ClientDirectoryTests {
  private static let now: Int64 = 1_800_000_000
  private let test: TestLoop
  private let seal: ClientSeal
  private let entered: BridgeClient
  private let documents: ClientDocumentStore

  init() throws {
    test = try TestLoop()
    let keys = try SealingKeys([SealingKey(id: "k", secret: Array(0..<32))])
    seal = ClientSeal(Sealer(keys, context: "corporate"), lifetime: 1_000)
    entered = try BridgeClient(
      BridgeClientSettings.Entered(id: "Q DEV CLI", redirectURIs: ["http://localhost/oauth/callback"]))
    let tls = try TLSClientContext(TLSClientSettings())
    documents = ClientDocumentStore(
      test.loop, ClientDocumentStore.Settings(tls: tls, internalTLS: tls),
      lookups: NameLookups { $2(.failure(.notFound)) })
  }

  private func find(
    _ id: String, at now: Int64 = now, seal: ClientSeal?, documents: ClientDocumentStore?
  ) throws -> Result<BridgeClient, ClientRefusal> {
    let directory = ClientDirectory(configured: [entered], seal: seal, documents: documents)
    var result: Result<BridgeClient, ClientRefusal>?
    directory.find(id, for: Array("192.0.2.1".utf8), now: now) { result = $0 }
    // None of these needs a connection.
    return try #require(result)
  }

  private func find(_ id: String, at now: Int64 = now) throws -> Result<BridgeClient, ClientRefusal> {
    try find(id, at: now, seal: seal, documents: documents)
  }

  @Test func enteredClients() throws {
    #expect(try find("Q DEV CLI") == .success(entered))
    for id in ["q dev cli", "Q DEV CLI ", "", "kiro", String(repeating: "x", count: 100_000)] {
      #expect(try find(id) == .failure(.unknown))
    }
  }

  @Test func registeredClients() throws {
    let metadata = try ClientMetadata(["redirect_uris": ["https://a.example/"], "client_name": "A"])
    let client = try seal.register(metadata, now: Self.now)
    #expect(try find(client.id) == .success(client))
    #expect(try find(client.id, at: Self.now + 1_000) == .failure(.expired))
    #expect(try find(client.id, seal: nil, documents: documents) == .failure(.unknown))
    // What is shown of it is no id.
    #expect(try find(client.shownID) == .failure(.unknown))
  }

  @Test func clientsWithDocuments() throws {
    guard case .failure(.document(.notResolved)) = try find("https://app.example/c") else {
      Issue.record("it has no address")
      return
    }
    #expect(try find("https://app.example/") == .failure(.document(.badURL("it has no path"))))
    #expect(try find("https://app.example/c", seal: seal, documents: nil) == .failure(.unknown))
    #expect(try find("http://app.example/c") == .failure(.unknown))
  }

  @Test(arguments: [
    (ClientRefusal.unknown, "bridge_client_unknown", false), (.expired, "bridge_client_expired", false),
    (.document(.busy), "bridge_client_documents_busy", true),
    (.document(.notFetched("x")), "bridge_client_document_refused", false),
  ])
  func refusals(_ refusal: ClientRefusal, _ reason: String, _ isTemporary: Bool) {
    #expect(refusal.reason.description == reason)
    #expect(refusal.isTemporary == isTemporary)
    #expect(!refusal.explanation.isEmpty)
  }
}
