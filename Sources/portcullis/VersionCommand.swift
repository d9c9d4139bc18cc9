import ArgumentParser
import Gateway

struct VersionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "version",
    abstract: "Print the version, and those of the libraries in use.",
    discussion: """
      EXAMPLES
        portcullis version
        portcullis version --json
      """)

  static let number = "0.1.0"

  @Flag(help: "Print a JSON object instead of a line for people.")
  var json = false

  func run() {
    let libraries = LibraryVersions.all
    if json {
      let members = libraries.map { #","\#($0.name)":"\#($0.version)""# }.joined()
      print(#"{"name":"portcullis","version":"\#(Self.number)"\#(members)}"#)
    } else {
      let list = libraries.map { "\($0.name) \($0.version)" }.joined(separator: ", ")
      print("portcullis \(Self.number) (\(list))")
    }
  }
}
