/// The outcome of loading a configuration text.
package struct LoadResult: Equatable, Sendable {
  /// Nil when there is any error: a faulty configuration never starts.
  package let configuration: GatewayConfiguration?
  /// In the order of the text.
  package let diagnostics: [Diagnostic]
  /// Leads from key paths to their places in the text.
  package let sources: SourceMap

  /// This outcome with findings that were made after loading; an error among them takes the configuration away.
  package func adding(_ findings: [Diagnostic]) -> LoadResult {
    let isFaulty = findings.contains { $0.severity == .error }
    return LoadResult(
      configuration: isFaulty ? nil : configuration, diagnostics: Diagnostic.inOrder(diagnostics + findings),
      sources: sources)
  }
}
