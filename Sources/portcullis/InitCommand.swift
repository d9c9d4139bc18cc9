import ArgumentParser
import Configuration
import Onboarding

extension ProviderPreset: ExpressibleByArgument {}

struct InitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Write a first configuration for an identity provider and an MCP server.",
    discussion: """
      The configuration is commented and passes `check`. Beside it come the steps at the provider, the \
      redirect URIs to register, and the settings of MCP clients: on standard error, or on standard output \
      when the configuration goes to a file. Nothing is fetched.

      The issuer is given by --issuer, or by what it is made from:
        okta      --domain HOST [--authorization-server ID]
        entra     --tenant GUID, with --audience GUID of the API's application
        cognito   --region REGION --user-pool ID, with --client-id
        auth0     --domain HOST
        keycloak  --base-url URL --realm NAME
        google    nothing, with --client-id
        ping      --environment GUID [--region com|eu|ca|asia|…]
        workos    --domain HOST
        descope   --project ID [--mcp-server ID]
        generic   --issuer URL

      EXAMPLES
        portcullis init --idp okta --domain example.okta.com --client-id 0oa1 \\
          --upstream http://127.0.0.1:8000/mcp > portcullis.yaml
        portcullis init --idp keycloak --base-url https://sso.example.com \\
          --realm example --upstream http://127.0.0.1:8000/mcp \\
          --public-url https://mcp.example.com --output portcullis.yaml

      EXIT STATUS
        0  the configuration was written
        2  wrong usage, or a file that exists or cannot be written
      """)

  @Option(name: .customLong("idp"), help: "The identity provider.")
  var provider: ProviderPreset

  @Option(help: ArgumentHelp("The URL of the MCP server.", valueName: "url"))
  var upstream: String

  @Option(help: ArgumentHelp("The provider's issuer, as tokens have it in iss.", valueName: "url"))
  var issuer: String?

  @Option(help: ArgumentHelp("Okta, Auth0, WorkOS: the host name of the tenant.", valueName: "host"))
  var domain: String?

  @Option(help: ArgumentHelp("Okta: the custom authorization server. (default: default)", valueName: "id"))
  var authorizationServer: String?

  @Option(help: ArgumentHelp("Entra: the directory (tenant) ID.", valueName: "guid"))
  var tenant: String?

  @Option(help: "Cognito: the region of the pool. PingOne: the end of the domain. (default for PingOne: com)")
  var region: String?

  @Option(help: ArgumentHelp("Cognito: the ID of the user pool.", valueName: "id"))
  var userPool: String?

  @Option(help: ArgumentHelp("Keycloak: its URL, without /realms/….", valueName: "url"))
  var baseUrl: String?

  @Option(help: ArgumentHelp("Keycloak: the realm.", valueName: "name"))
  var realm: String?

  @Option(help: ArgumentHelp("Descope: the project ID.", valueName: "id"))
  var project: String?

  @Option(help: ArgumentHelp("Descope: the MCP server ID.", valueName: "id"))
  var mcpServer: String?

  @Option(help: ArgumentHelp("PingOne: the environment ID.", valueName: "guid"))
  var environment: String?

  @Option(
    help: ArgumentHelp(
      "The URL under which clients reach the gateway. (default: http://127.0.0.1:8080)", valueName: "url"))
  var publicUrl: String?

  @Option(help: "The path of the route.")
  var path = "/mcp"

  @Option(help: ArgumentHelp("The MCP client that was registered by hand.", valueName: "id"))
  var clientId: String?

  @Option(
    help: ArgumentHelp(
      "A scope that tokens need, as they carry it; may be repeated. (default: depends on the provider)",
      valueName: "scope"))
  var scope: [String] = []

  @Option(
    help: ArgumentHelp(
      "An audience that tokens may have; may be repeated. (default: mostly the URL of the route)",
      valueName: "audience"))
  var audience: [String] = []

  @OptionGroup var output: OutputOptions

  func run() throws {
    let plan: InitPlan
    do throws(InitFault) {
      plan = try InitPlan(request)
    } catch {
      throw ValidationError("\(error.option): \(error.message). \(error.remedy)")
    }
    try output.write(plan.yaml)
    for warning in plan.warnings {
      StandardError.write("warning: \(warning.path): \(warning.message)\n    remedy: \(warning.remedy)")
    }
    output.tell(plan.guidance)
  }

  private var request: InitRequest {
    var request = InitRequest(provider: provider, upstream: upstream)
    request.issuer = issuer
    let shortcuts: [(InitOption, String?)] = [
      (.domain, domain), (.authorizationServer, authorizationServer), (.tenant, tenant), (.region, region),
      (.userPool, userPool), (.baseURL, baseUrl), (.realm, realm), (.project, project), (.mcpServer, mcpServer),
      (.environment, environment),
    ]
    for (option, value) in shortcuts { request.shortcuts[option] = value }
    request.publicURL = publicUrl
    request.path = path
    request.clientID = clientId
    request.scopes = scope
    request.audiences = audience
    return request
  }
}
