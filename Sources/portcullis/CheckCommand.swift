import ArgumentParser
import Configuration
import Gateway
import Supervisor

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Check a configuration without starting anything.",
    discussion: """
      Every finding is printed to standard error with file:line:column, the key, and what to do about it. \
      Warnings do not make the check fail. ${VAR} and ${file:PATH} are resolved as `serve` would resolve them.

      EXAMPLES
        portcullis check --config conf/portcullis.yaml
        portcullis check --config conf/portcullis.yaml --expand > effective.yaml

      EXIT STATUS
        0  usable, perhaps with warnings
        1  the configuration has errors
        2  wrong usage, or a file that cannot be read
      """)

  @OptionGroup var options: ConfigurationOptions

  @Flag(help: "Print the configuration with every default filled in, as YAML, instead of a summary.")
  var expand = false

  func run() throws {
    let configuration = try options.load()
    if expand {
      print(configuration.expanded(), terminator: "")
    } else {
      let routes = Self.count(configuration.routes.count, "route")
      let listeners = Self.count(configuration.listeners.count, "listener")
      print("\(options.file): ok, \(routes), \(listeners)")
      printWorkers(configuration)
    }
  }

  /// What `workers` means on this machine.
  private func printWorkers(_ configuration: GatewayConfiguration) {
    let workers = Supervisor.workers(configuration)
    guard configuration.workers != .fixed(1) else { return }
    let origin = configuration.workers == .auto ? " (auto: the processors that this process may run on)" : ""
    print("workers: \(workers)\(origin)")
    guard workers > 1 else { return }
    let connections = WorkerShare(workers: workers).of(configuration.limits.connections)
    print("each worker: up to \(connections) client connections, and its own token cache, keys and client budgets")
  }

  private static func count(_ number: Int, _ noun: String) -> String {
    "\(number) \(noun)\(number == 1 ? "" : "s")"
  }
}
