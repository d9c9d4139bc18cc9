import ArgumentParser
import Supervisor

/// What `serve` starts when the configuration has `workers`; of no use to anybody else.
struct WorkerCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "worker", abstract: "One of several processes that serve.", shouldDisplay: false)

  @Argument(help: ArgumentHelp("Which one, for lists of processes.", valueName: "number"))
  var number: Int

  func run() throws {
    guard let status = Worker.run() else {
      throw ValidationError("Workers are started by serve, when the configuration has workers.")
    }
    throw ExitCode(status)
  }
}
