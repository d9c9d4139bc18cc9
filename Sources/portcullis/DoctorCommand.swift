import ArgumentParser
import Diagnosis

struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor",
    abstract: "Walk the way of a client, and say what is in its way.",
    discussion: """
      Asks the public URL of each route without a token and reads its metadata, as clients do; then asks the \
      identity provider, and the MCP server behind the gateway. Run it anywhere: where the gateway is not \
      reached, the rest is looked at all the same. Takes at most 30 seconds, and changes nothing.

      EXAMPLES
        portcullis doctor --config portcullis.yaml
        portcullis doctor --config portcullis.yaml --connect 127.0.0.1:8443 --ca ca.pem
        portcullis doctor --config portcullis.yaml --route tools --json

      EXIT STATUS
        0  no problems, perhaps warnings
        1  problems, or the configuration has errors
        2  wrong usage, or a file that cannot be read
      """)

  @OptionGroup var options: ConfigurationOptions

  @Option(help: ArgumentHelp("The route: its name, its path or its URL. (default: all)", valueName: "route"))
  var route: String?

  @Option(
    help: ArgumentHelp("Connect to this address in place of the public host and port.", valueName: "host:port"))
  var connect: String?

  @Option(
    help: ArgumentHelp("Authorities (PEM) to trust at the public URL in place of the system's.", valueName: "file"))
  var ca: String?

  @Flag(help: "Print a JSON object instead of text for people.")
  var json = false

  func run() throws {
    var way = Doctor.Options()
    way.ca = ca
    if let connect { way.connect = try Self.address(connect) }
    let (configuration, sources) = try options.loadWithSources()
    let choice = try RouteChoice.orUsage(configuration, sources, route)
    let report: HealthReport
    do {
      report = try Doctor(configuration, choice, way).examine()
    } catch {
      StandardError.write("portcullis: \(error)")
      throw ExitCode(ExitStatus.failure)
    }
    print(json ? report.jsonText : report.text, terminator: "")
    throw ExitCode(report.hasProblems ? ExitStatus.failure : ExitStatus.success)
  }

  private static func address(_ text: String) throws -> (host: String, port: Int) {
    guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), 1...65535 ~= port,
      colon != text.startIndex
    else { throw ValidationError("--connect takes HOST:PORT, not \(text).") }
    var host = String(text[..<colon])
    if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
    return (host, port)
  }
}
