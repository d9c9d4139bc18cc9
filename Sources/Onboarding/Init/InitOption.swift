/// Options of `init` from which a provider's issuer is made.
package enum InitOption: String, CaseIterable, Sendable {
  case domain = "--domain"
  case authorizationServer = "--authorization-server"
  case tenant = "--tenant"
  case region = "--region"
  case userPool = "--user-pool"
  case baseURL = "--base-url"
  case realm = "--realm"
  case project = "--project"
  case mcpServer = "--mcp-server"
  case environment = "--environment"
}
