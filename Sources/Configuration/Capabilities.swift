/// What this build can do, so that validation refuses a setting that the running gateway could not honour.
package struct Capabilities: Equatable, Sendable {
  /// Whether the gateway can open TLS connections towards identity providers and upstreams.
  package let outgoingTLS: Bool

  package init(outgoingTLS: Bool) {
    self.outgoingTLS = outgoingTLS
  }

  /// The capabilities of this version.
  package static let current = Capabilities(outgoingTLS: false)
}
