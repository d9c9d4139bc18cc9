import Configuration
import Gateway
import Identity
import Net
import Outbound

/// How the gateway reaches the provider of one entry: the same code with the same settings.
struct Access {
  let entry: AuthorizationConfiguration
  let tls: TLSClientContext
  let proxy: ForwardProxy?

  /// - Throws: when provider_ca cannot be used.
  init(_ entry: AuthorizationConfiguration) throws(StartFailure) {
    self.entry = entry
    tls = try ProviderAccess.tls(entry)
    proxy = ProviderAccess.proxy(entry)
  }

  /// Gets one of the provider's documents.
  ///
  /// - Parameter timeout: milliseconds.
  func get(_ loop: Loop, _ url: String, timeout: UInt64, _ completion: @escaping (ProbeAnswer) -> Void) {
    do throws(DocumentURL.Fault) {
      let location = try DocumentURL.location(of: url, allowPlaintext: entry.allowPlaintextProvider)
      Fetch.get(loop, location, tls: tls, proxy: proxy, timeout: timeout) { result in
        switch result {
        case .success(let response):
          let date = response.date.map { [(name: "date", value: $0)] } ?? []
          completion(
            .response(
              ProbeAnswer.Response(response.status, date, body: response.body, receivedAt: Loop.unixTime)))
        case .failure(let failure): completion(.failed(failure.description))
        }
      }
    } catch {
      completion(.failed(error.description))
    }
  }
}
