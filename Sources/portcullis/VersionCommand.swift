import ArgumentParser

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version",
    abstract: "Print the version.",
    discussion: """
      EXAMPLES
        portcullis version
        portcullis version --json
      """)

  static let number = "0.1.0"

  @Flag(help: "Print a JSON object instead of a line for people.")
  var json = false

  func run() {
    print(json ? #"{"name":"portcullis","version":"\#(Self.number)"}"# : "portcullis \(Self.number)")
  }
}
