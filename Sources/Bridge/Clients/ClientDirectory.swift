import JSON

/// All clients of one bridge, by the ids that they send.
package final class ClientDirectory {
  package typealias Completion = (Result<BridgeClient, ClientRefusal>) -> Void

  /// Bytes of a client id; ours are shorter.
  private static let longestID = 8_192

  private let configured: [BridgeClient]
  private let seal: ClientSeal?
  private let documents: ClientDocumentStore?

  /// - Parameters:
  ///   - seal: nil: nobody can be registered.
  ///   - documents: nil: a URL is no client id.
  package init(configured: [BridgeClient], seal: ClientSeal?, documents: ClientDocumentStore?) {
    self.configured = configured
    self.seal = seal
    self.documents = documents
  }

  /// Calls back once: from inside this call, unless a document has to be fetched.
  ///
  /// - Parameters:
  ///   - address: of whoever asks, a literal.
  ///   - now: seconds since 1970.
  package func find(_ clientID: String, for address: [UInt8], now: Int64, completion: @escaping Completion) {
    if let client = configured.first(where: { $0.id.hasSameBytes(as: clientID) }) {
      return completion(.success(client))
    }
    if let documents, clientID.hasPrefix("https://") {
      return documents.find(clientID, for: address, now: now) { completion($0.mapError { .document($0) }) }
    }
    guard let seal, clientID.utf8.count <= Self.longestID else { return completion(.failure(.unknown)) }
    switch seal.open(clientID, now: now) {
    case .client(let client): completion(.success(client))
    case .expired: completion(.failure(.expired))
    case .foreign: completion(.failure(.unknown))
    }
  }

  /// Why a client that holds a code or a refresh token may not use it any longer; nil when it may.
  ///
  /// No document is fetched: that its server is down is no reason to stop a client that works.
  ///
  /// - Parameter now: seconds since 1970.
  func objection(to clientID: String, now: Int64) -> ClientRefusal? {
    if documents != nil, clientID.hasPrefix("https://"),
      !configured.contains(where: { $0.id.hasSameBytes(as: clientID) })
    {
      return documents?.objection(to: clientID).map { .document($0) }
    }
    var refusal: ClientRefusal?
    find(clientID, for: [], now: now) { if case .failure(let found) = $0 { refusal = found } }
    return refusal
  }
}
