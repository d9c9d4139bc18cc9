package import Net
package import Outbound

extension KeyStore {
  /// An identity provider, and how its keys are had.
  package struct Provider {
    package enum Source: Equatable {
      /// The URLs at which its discovery document may be; the first good one counts.
      case discovery([String])
      /// The URL of its key set (RFC 7517 §5).
      case keySet(String)
      /// The path of a key set that somebody else keeps current.
      case file(String)
    }

    package var issuer: String
    package var source: Source
    package var allowPlaintext: Bool
    /// How its https documents are fetched; without it they cannot be.
    package var tls: TLSClientContext?
    /// The forward proxy to fetch them through.
    package var proxy: ForwardProxy?
    /// The longest time between two fetches, in milliseconds.
    package var refresh: UInt64 = 300_000
    /// Where the last good keys are kept for a start while the provider is down.
    package var cacheFile: String?

    package init(issuer: String, source: Source, allowPlaintext: Bool, tls: TLSClientContext? = nil) {
      self.issuer = issuer
      self.source = source
      self.allowPlaintext = allowPlaintext
      self.tls = tls
    }
  }
}
