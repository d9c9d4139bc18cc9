import ArgumentParser
import Gateway
import Supervisor

struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Run the gateway.",
    discussion: """
      Writes one JSON line per event and per request to standard output. SIGTERM and SIGINT stop \
      accepting and let running requests finish. A faulty configuration never starts. With `workers` in \
      the configuration several processes serve, and this one watches over them.

      EXAMPLE
        portcullis serve --config conf/portcullis.yaml

      EXIT STATUS
        0  stopped as asked
        1  the configuration has errors, or the gateway failed
        2  wrong usage, or a file that cannot be read
      """)

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let (configuration, source) = try options.loadForWorkers()
    throw ExitCode(
      Supervisor.workers(configuration) == 1
        ? Gateway.serve(configuration) : Supervisor.serve(configuration, source))
  }
}
