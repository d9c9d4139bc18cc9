import ArgumentParser

/// Where a command that makes a configuration writes it.
struct OutputOptions: ParsableArguments {
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Write the configuration to this file instead of standard output.", valueName: "file"))
  var output: String?

  @Flag(help: "Replace the file when it exists.")
  var force = false

  func validate() throws {
    if force && output == nil { throw ValidationError("--force goes with --output.") }
  }

  /// Ends the command with status 2 when the file exists, or cannot be written.
  func write(_ configuration: String) throws {
    guard let output else { return print(configuration, terminator: "") }
    do throws(NewFile.Failure) {
      try NewFile.write(configuration, to: output, replacing: force)
    } catch {
      let hint = error.exists ? "; give another name, or --force to replace it" : ""
      StandardError.write("portcullis: \(output) cannot be written: \(error.reason)\(hint)")
      throw ExitCode(ExitStatus.usage)
    }
  }

  /// For people: standard error when standard output holds the configuration.
  func tell(_ text: String) {
    if output == nil { StandardError.write(text) } else { print(text) }
  }
}
