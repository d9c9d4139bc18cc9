import ArgumentParser
import Glibc

@main
struct Portcullis: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "portcullis",
    abstract: "An OAuth gateway in front of MCP tool servers.",
    discussion: """
      Portcullis asks clients for an access token, checks it, and streams the requests of those who have a \
      good one to the MCP server behind it.

      EXAMPLES
        portcullis demo                     see it work, on this machine only
        portcullis init --idp okta …        write a first configuration
        portcullis check --config FILE      find out what is wrong with a file
        portcullis serve --config FILE      run the gateway
        portcullis explain --config FILE    say why a token is refused
        portcullis doctor --config FILE     say what is in the way of clients

      EXIT STATUS
        0  success
        1  the configuration has errors, or the gateway failed
        2  wrong usage, or a file that cannot be read
      """,
    subcommands: [
      ServeCommand.self, CheckCommand.self, ExplainCommand.self, DoctorCommand.self, InitCommand.self,
      ImportCommand.self, DemoCommand.self, VersionCommand.self, WorkerCommand.self,
    ])

  /// As the generated one, but wrong usage ends with status 2.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch  where exitCode(for: error) == .validationFailure {
      StandardError.write(fullMessage(for: error))
      Glibc.exit(ExitStatus.usage)
    } catch {
      exit(withError: error)
    }
  }
}
