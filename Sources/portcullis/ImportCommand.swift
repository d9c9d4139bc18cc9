import ArgumentParser
import Configuration
import Onboarding

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Make a configuration from that of another gateway.",
    subcommands: [ImportAgentCoreCommand.self])
}

struct ImportAgentCoreCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agentcore",
    abstract: "Make a configuration from a gateway of Amazon Bedrock AgentCore.",
    discussion: """
      FILE holds the output of `aws bedrock-agentcore-control get-gateway`; further files hold those of \
      `get-gateway-target`, one each, or lists of them. "-" is standard input. The JWT authorizer and the \
      targets that are MCP servers with a URL are carried over: one route each, at /mcp when there is one \
      target, else at /TARGET/mcp. Everything else is listed, on standard error and as comments on top of \
      the configuration. Nothing is fetched.

      EXAMPLES
        aws bedrock-agentcore-control get-gateway \\
          --gateway-identifier ID > gateway.json
        aws bedrock-agentcore-control get-gateway-target \\
          --gateway-identifier ID --target-id T > target.json
        portcullis import agentcore gateway.json target.json > portcullis.yaml

      EXIT STATUS
        0  everything that decides about access was carried over
        1  something that decides about access was not (marked ACCESS), or nothing could be written
        2  wrong usage, input that is not JSON, or a file that cannot be read or written
      """)

  @Argument(help: ArgumentHelp("The gateway, and its targets.", valueName: "file"))
  var files: [String]

  @Option(
    help: ArgumentHelp(
      "The URL under which clients reach the gateway. (default: its domain override, else http://127.0.0.1:8080)",
      valueName: "url"))
  var publicUrl: String?

  @Option(help: ArgumentHelp("The URL of the MCP server, when no target names one.", valueName: "url"))
  var upstream: String?

  @OptionGroup var output: OutputOptions

  func validate() throws {
    for (option, value) in [("--public-url", publicUrl), ("--upstream", upstream)] {
      guard let value, WebURL(value) == nil else { continue }
      throw ValidationError("\(option): \(value) is not an absolute http or https URL in lower case.")
    }
    guard files.filter({ $0 == "-" }).count <= 1 else {
      throw ValidationError("Standard input (-) can be read only once.")
    }
  }

  func run() throws {
    let documents = try files.map(document)
    let outcome: AgentCoreImport.Outcome
    do throws(ImportRefusal) {
      outcome = try AgentCoreImport.run(
        documents, AgentCoreImport.Options(publicURL: publicUrl, upstream: upstream))
    } catch {
      for remark in error.others + [error.remark] { StandardError.write(remark.rendered) }
      throw ExitCode(error.isUnreadable ? ExitStatus.usage : ExitStatus.failure)
    }
    try output.write(outcome.yaml)
    for remark in outcome.remarks { StandardError.write(remark.rendered) }
    guard outcome.isComplete else {
      StandardError.write(
        "portcullis: settle what is marked ACCESS before this configuration goes into use: it decides about access, "
          + "and was not carried over")
      throw ExitCode(ExitStatus.failure)
    }
  }

  private func document(_ file: String) throws -> AgentCoreImport.Document {
    let isInput = file == "-"
    do throws(TextFileError) {
      return AgentCoreImport.Document(
        name: isInput ? "standard input" : file, text: try TextFile.read(isInput ? "/dev/stdin" : file))
    } catch {
      StandardError.write("portcullis: \(file) cannot be read: \(error.reason)")
      throw ExitCode(ExitStatus.usage)
    }
  }
}
