import ArgumentParser
import Diagnosis

struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Say in words what a route makes of an access token.",
    discussion: """
      Reads the token from standard input, never from arguments, which others can see. Prints its header and \
      its claims, never its signature; then each check with what was found and wanted, the line of the \
      configuration that decides, and what to do. The checks are the gateway's own, with the provider's keys.

      Without --route, the routes are those that the token's issuer is named in, else all. Pipe the token: \
      terminals cut pasted lines at 4095 characters.

      EXAMPLES
        pbpaste | portcullis explain --config portcullis.yaml
        portcullis explain --config portcullis.yaml --route tools --json < token.txt

      EXIT STATUS
        0  the token would pass, on at least one of the routes
        1  it would not, or nobody could tell; or the configuration has errors
        2  wrong usage, or a file that cannot be read
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(help: ArgumentHelp("The route: its name, its path or its URL.", valueName: "route"))
  var route: String?

  @Option(help: ArgumentHelp("Judge by this time, in seconds since 1970.", valueName: "seconds"))
  var now: Int64?

  @Flag(help: "Ask no provider: the signature stays open, unless the keys are in a file.")
  var offline = false

  @Flag(help: "Print a JSON object instead of text for people.")
  var json = false

  func run() throws {
    let (configuration, sources) = try options.loadWithSources()
    let choice = try RouteChoice.orUsage(configuration, sources, route)
    let token: PastedToken
    do throws(PastedToken.Fault) {
      token = try PastedToken(StandardInput.read(atMost: PastedToken.longest + 1))
    } catch {
      StandardError.write("portcullis: \(error.description)")
      throw ExitCode(ExitStatus.usage)
    }
    let report: TokenReport
    do {
      report = try Explainer(choice, sources, isNamed: route != nil, isOffline: offline, now: now).explain(token)
    } catch {
      StandardError.write("portcullis: \(error)")
      throw ExitCode(ExitStatus.failure)
    }
    print(json ? report.jsonText : report.text, terminator: "")
    throw ExitCode(report.passes ? ExitStatus.success : ExitStatus.failure)
  }
}
