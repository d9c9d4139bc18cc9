package import Net

/// Clients that are described by documents on the web. Whoever asks for one while it is being fetched waits for that.
package final class ClientDocumentStore {
  package typealias Completion = (Result<BridgeClient, ClientDocumentFault>) -> Void

  package struct Settings {
    /// Hosts that documents may be at; nil: any.
    package var allowedHosts: HostNames?
    /// Hosts that are allowed besides, and whose addresses need not be public.
    package var internalHosts = HostNames([])
    /// How to reach hosts of the internet.
    package var tls: TLSClientContext
    /// How to reach internal hosts.
    package var internalTLS: TLSClientContext
    /// Milliseconds for one document.
    package var timeout: UInt64 = 5_000
    /// Which addresses documents of the internet may be at.
    var isPublic: (SocketAddress) -> Bool = AddressGuard.isPublic

    package init(tls: TLSClientContext, internalTLS: TLSClientContext) {
      self.tls = tls
      self.internalTLS = internalTLS
    }
  }

  /// Documents that are fetched at the same time.
  static let mostFetches = 64
  /// Of those for one client address (IPv6: /64): slow servers must not stop everybody else's.
  static let mostFetchesForOne = 8
  /// Requests that may wait for one document.
  static let mostWaiting = 64

  private let loop: Loop
  private let settings: Settings
  private let lookups: NameLookups
  private var cache = ClientDocumentCache()
  private struct Wait {
    /// Where the one is who has caused the fetch.
    let network: UInt128
    var completions: [Completion] = []
  }

  /// Who waits for which document.
  private var waiting: [String: Wait] = [:]

  /// - Parameter lookups: share one among all who look up names that strangers choose.
  package init(_ loop: Loop, _ settings: Settings, lookups: NameLookups) {
    self.loop = loop
    self.settings = settings
    self.lookups = lookups
  }

  /// Finds the client whose id is this URL; calls back once, at once when the answer is known.
  ///
  /// - Parameters:
  ///   - address: of whoever asks, a literal.
  ///   - now: seconds since 1970.
  package func find(_ clientID: String, for address: [UInt8], now: Int64, completion: @escaping Completion) {
    do throws(ClientDocumentFault) {
      let url = try url(clientID)
      if let verdict = cache.find(url.text, now: now) { return completion(verdict) }
      if waiting[url.text] == nil {
        let network = ClientBudget.network(of: address)
        guard mayFetch(for: network) else { throw .busy }
        waiting[url.text] = Wait(network: network, completions: [completion])
        fetch(url, now: now)
      } else {
        guard waiting[url.text]?.completions.count ?? 0 < Self.mostWaiting else { throw .busy }
        waiting[url.text]?.completions.append(completion)
      }
    } catch {
      completion(.failure(error))
    }
  }

  private func mayFetch(for network: UInt128) -> Bool {
    waiting.count < Self.mostFetches
      && waiting.values.count { $0.network == network } < Self.mostFetchesForOne
  }

  /// What is against a client by its id alone; nil: its document may be fetched.
  func objection(to clientID: String) -> ClientDocumentFault? {
    do throws(ClientDocumentFault) {
      _ = try url(clientID)
      return nil
    } catch {
      return error
    }
  }

  private func url(_ clientID: String) throws(ClientDocumentFault) -> ClientDocumentURL {
    let url = try ClientDocumentURL(clientID, internalHosts: settings.internalHosts)
    guard url.isInternal || settings.allowedHosts?.contains(url.host) ?? true else {
      throw .hostNotAllowed(url.host)
    }
    return url
  }

  private func fetch(_ url: ClientDocumentURL, now: Int64) {
    ClientDocumentFetch.start(
      loop, url, tls: url.isInternal ? settings.internalTLS : settings.tls, lookups: lookups,
      mayConnect: url.isInternal ? { _ in true } : settings.isPublic, timeout: settings.timeout
    ) { [self] result in
      let verdict = result.map(\.client)
      switch result {
      case .success(let answer):
        let lifetime = ClientDocumentCache.lifetime(answer.freshness)
        cache.insert(verdict, url.text, lifetime: lifetime, now: now)
      case .failure(let fault) where !fault.isTemporary:
        cache.insert(verdict, url.text, lifetime: ClientDocumentCache.faultLifetime, now: now)
      case .failure: break
      }
      for completion in waiting.removeValue(forKey: url.text)?.completions ?? [] { completion(verdict) }
    }
  }
}
