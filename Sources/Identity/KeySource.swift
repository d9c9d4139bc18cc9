import Net
import Outbound

/// Gets a provider's documents, one whole set for each call. Who calls, when, and what for is not its business.
final class KeySource {
  /// What a provider publishes.
  struct Documents {
    let keys: [UInt8]
    /// The URL or path that the keys come from.
    let place: String
    /// What discovery found; nil when there is none.
    let metadata: ProviderMetadata?
    let freshness: Freshness
  }

  struct Failure: Error {
    let reason: String
  }

  typealias Completion = (Result<Documents, Failure>) -> Void

  /// Milliseconds for one document and for all together: shorter than the time in which a request can cause the next.
  private static let documentTimeout: UInt64 = 4_000
  private static let timeout: UInt64 = 8_000
  /// Bytes of a key set.
  private static let sizeLimit = 1 << 20

  private let loop: Loop
  private let provider: KeyStore.Provider
  /// The candidate that was good the last time.
  private var preferred = 0

  init(_ loop: Loop, _ provider: KeyStore.Provider) {
    self.loop = loop
    self.provider = provider
  }

  /// Calls back once; from inside this call when the failure is known at once.
  func fetch(_ completion: @escaping Completion) {
    let end = loop.now + Self.timeout
    switch provider.source {
    case .discovery(let candidates):
      let others = candidates.indices.filter { $0 != preferred }
      discover(candidates, [preferred] + others, [], end, completion)
    case .keySet(let url): fetchKeys(url, nil, end, completion)
    case .file(let path):
      SmallFile.read(loop, path, limit: Self.sizeLimit) { result in
        completion(
          result.map { Documents(keys: $0, place: path, metadata: nil, freshness: .unspecified) }
            .mapError { Failure(reason: "\(path): \($0)") })
      }
    }
  }

  /// Tries the candidates in `order` until one answers with the document of the right issuer.
  private func discover(
    _ candidates: [String], _ order: [Int], _ failures: [String], _ end: UInt64, _ completion: @escaping Completion
  ) {
    guard let index = order.first, candidates.indices.contains(index) else {
      return completion(.failure(Failure(reason: failures.joined(separator: "; "))))
    }
    let url = candidates[index]
    get(url, end) { [self] result in
      do throws(Failure) {
        let metadata = try self.metadata(result.get().body, from: url)
        preferred = index
        fetchKeys(metadata.keysURL, metadata, end, completion)
      } catch {
        discover(candidates, Array(order.dropFirst()), failures + [error.reason], end, completion)
      }
    }
  }

  private func metadata(_ document: [UInt8], from url: String) throws(Failure) -> ProviderMetadata {
    do throws(ProviderMetadata.Fault) {
      return try ProviderMetadata.parse(document, issuer: provider.issuer)
    } catch {
      throw Failure(reason: "\(url): \(error.description)")
    }
  }

  private func fetchKeys(
    _ url: String, _ metadata: ProviderMetadata?, _ end: UInt64, _ completion: @escaping Completion
  ) {
    get(url, end) { result in
      completion(
        result.map {
          Documents(
            keys: $0.body, place: url, metadata: metadata,
            freshness: Freshness(cacheControl: $0.cacheControl, age: $0.age))
        })
    }
  }

  private func get(_ url: String, _ end: UInt64, _ completion: @escaping (Result<Fetch.Response, Failure>) -> Void) {
    func fail(_ reason: String) { completion(.failure(Failure(reason: reason))) }
    guard loop.now < end else { return fail("\(url): no time was left to ask") }
    do throws(DocumentURL.Fault) {
      let location = try DocumentURL.location(of: url, allowPlaintext: provider.allowPlaintext)
      let timeout = min(Self.documentTimeout, end - loop.now)
      Fetch.get(
        loop, location, tls: provider.tls, proxy: provider.proxy, timeout: timeout, limit: Self.sizeLimit
      ) { result in
        switch result {
        case .success(let response) where response.status == 200: completion(.success(response))
        case .success(let response):
          completion(.failure(Failure(reason: "\(url) answered with status \(response.status)")))
        case .failure(let failure): completion(.failure(Failure(reason: "\(url): \(failure.description)")))
        }
      }
    } catch {
      fail("\(url): \(error.description)")
    }
  }
}
