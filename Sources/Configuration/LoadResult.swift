/// The outcome of loading a configuration text.
package struct LoadResult: Equatable, Sendable {
  /// Nil when there is any error: a faulty configuration never starts.
  package let configuration: GatewayConfiguration?
  /// In the order of the text.
  package let diagnostics: [Diagnostic]
}
