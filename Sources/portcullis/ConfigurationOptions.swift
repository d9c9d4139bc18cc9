import ArgumentParser
import Configuration
import Gateway
import Supervisor

/// The option that names the configuration, and the loading that `serve` and `check` share.
struct ConfigurationOptions: ParsableArguments {
  @Option(
    name: [.customShort("c"), .customLong("config")],
    help: ArgumentHelp("The configuration file (YAML).", valueName: "file"))
  var file: String

  /// The valid configuration. Diagnostics go to standard error; otherwise ends the command with status 1 or
  /// 2.
  func load() throws -> GatewayConfiguration { try loadWithSources().configuration }

  /// The same, with the places of what is in it.
  func loadWithSources() throws -> (configuration: GatewayConfiguration, sources: SourceMap) {
    try load(.system, try text())
  }

  /// The same, with all that it was read from.
  func loadForWorkers() throws -> (configuration: GatewayConfiguration, source: ConfigurationSource) {
    let text = try text()
    var files: [String: String] = [:]
    let loader = ConfigurationLoader(environment: ConfigurationLoader.variable) { path throws(TextFileError) in
      let text = try TextFile.read(path)
      files[path] = text
      return text
    }
    let configuration = try load(loader, text).configuration
    return (configuration, ConfigurationSource(file: file, text: text, files: files))
  }

  private func load(
    _ loader: ConfigurationLoader, _ text: String
  ) throws -> (configuration: GatewayConfiguration, sources: SourceMap) {
    var result = loader.load(text: text, file: file)
    if let configuration = result.configuration {
      result = result.adding(FileFindings.of(configuration, result.sources))
    }
    for diagnostic in result.diagnostics { StandardError.write(diagnostic.rendered) }
    guard let configuration = result.configuration else { throw ExitCode(ExitStatus.failure) }
    return (configuration, result.sources)
  }

  private func text() throws -> String {
    do throws(TextFileError) {
      return try TextFile.read(file)
    } catch {
      StandardError.write("portcullis: \(file) cannot be read: \(error.reason)")
      throw ExitCode(ExitStatus.usage)
    }
  }
}
