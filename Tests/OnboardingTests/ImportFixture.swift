import Configuration
import JSON

@testable import Onboarding

/// A gateway and targets as AWS describes them, and ways to change them.
enum ImportFixture {
  static let claim: JSONValue = [
    "inboundTokenClaimName": "groups", "inboundTokenClaimValueType": "STRING_ARRAY",
    "authorizingClaimMatchValue": [
      "claimMatchOperator": "CONTAINS_ANY", "claimMatchValue": ["matchValueStringList": ["staff", "admin"]],
    ],
  ]

  static let authorizer: JSONObject = [
    "discoveryUrl": "https://idp.example.com/.well-known/openid-configuration",
    "allowedAudience": ["api://tools"], "allowedClients": ["one", "two"], "allowedScopes": ["tools.read"],
    "advertisedScopeMapping": ["tools.read": "api://tools/tools.read"], "customClaims": [claim],
  ]

  static func gateway(
    authorizer: JSONObject = authorizer, type: String = "CUSTOM_JWT", _ more: JSONObject = [:]
  ) -> JSONValue {
    var gateway: JSONObject = [
      "name": "tools", "authorizerType": .string(type), "protocolType": "MCP",
      "authorizerConfiguration": ["customJWTAuthorizer": .object(authorizer)],
    ]
    for member in more.members { gateway[member.name] = member.value.isNull ? nil : member.value }
    return .object(gateway)
  }

  static func target(_ name: String, _ endpoint: String = "https://server.example.com/mcp") -> JSONValue {
    [
      "targetId": .string("id-" + name), "name": .string(name),
      "targetConfiguration": ["mcp": ["mcpServer": ["endpoint": .string(endpoint)]]],
    ]
  }

  static func document(_ value: JSONValue, _ name: String = "gateway.json") -> AgentCoreImport.Document {
    AgentCoreImport.Document(name: name, text: String(decoding: value.serialized(), as: UTF8.self))
  }

  static func run(
    _ gateway: JSONValue, _ targets: [JSONValue] = [target("one")],
    _ options: AgentCoreImport.Options = AgentCoreImport.Options()
  ) throws(ImportRefusal) -> AgentCoreImport.Outcome {
    let others = targets.enumerated().map { document($0.element, "target\($0.offset + 1).json") }
    return try AgentCoreImport.run([document(gateway)] + others, options)
  }

  /// What the written text loads to.
  static func load(_ yaml: String) -> LoadResult {
    ConfigurationLoader(
      environment: { _ in nil }, readFile: { _ throws(TextFileError) in throw TextFileError(reason: "not there") }
    ).load(text: yaml, file: "imported.yaml")
  }
}

extension AgentCoreImport.Outcome {
  /// Weight and place of each remark.
  var places: [String] { remarks.map { "\($0.weight.rawValue) \($0.place)" } }

  var configuration: GatewayConfiguration? { ImportFixture.load(yaml).configuration }
}

extension RouteConfiguration {
  /// The only provider; nil on an open route.
  var rules: AuthorizationConfiguration? {
    guard case .token(let rules) = authorization else { return nil }
    return rules.count == 1 ? rules.first : nil
  }
}
