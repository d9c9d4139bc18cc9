import Glibc

/// Turns the text of a configuration file into a validated value and everything there is to say about it.
/// `check`, `serve` and a reload all run this same code.
package struct ConfigurationLoader {
  private let environment: (String) -> String?
  private let readFile: (String) throws(TextFileError) -> String

  /// `environment` and `readFile` answer interpolations.
  package init(
    environment: @escaping (String) -> String?,
    readFile: @escaping (String) throws(TextFileError) -> String
  ) {
    self.environment = environment
    self.readFile = readFile
  }

  /// Interpolates from the environment and the files of this process.
  package static var system: ConfigurationLoader {
    ConfigurationLoader(environment: variable, readFile: TextFile.read)
  }

  /// A variable of this process's environment.
  package static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  /// `file` is the name under which diagnostics appear; relative `${file:PATH}` start at its folder.
  package func load(text: String, file: String) -> LoadResult {
    let log = DiagnosticLog(file: file)
    let interpolation = Interpolation(environment: environment, readFile: readFile, configurationFile: file)
    let root = YAMLDocument.read(text, interpolation: interpolation, log: log)
    let configuration = root.flatMap { read($0, log: log) }
    return LoadResult(
      configuration: log.hasErrors ? nil : configuration, diagnostics: log.sorted,
      sources: SourceMap(file: file, root: root))
  }

  private func read(_ root: SourceNode, log: DiagnosticLog) -> GatewayConfiguration? {
    if case .null = root.content {
      log.add(
        Fault(
          "the file is empty",
          remedy: "Start with \"public_url:\" and at least one entry under \"routes:\"."),
        at: root.position, path: "")
      return nil
    }
    guard case .mapping = root.content else {
      log.add(
        Fault(
          "expected a mapping, found \(root.found)",
          remedy: "Start with \"public_url:\" at the left margin."),
        at: root.position, path: "")
      return nil
    }
    let mapping = MappingReader(root, path: "", position: root.position, log: log)
    defer { mapping.reportUnknownKeys() }
    return GatewayConfiguration(mapping)
  }
}
