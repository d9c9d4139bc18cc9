import Configuration
import JSON
import Testing

@testable import Onboarding

struct AgentCoreTargetTests {
  private static let first = "left out target1.json: targetConfiguration"

  /// The configuration of a second target, and the remarks about it when it is not carried over.
  @Test(
    arguments: [
      (["mcp": ["openApiSchema": [:]]], ["\(first).mcp.openApiSchema"]),
      (["mcp": ["smithyModel": [:]]], ["\(first).mcp.smithyModel"]),
      (["mcp": ["lambda": ["lambdaArn": "a"]]], ["\(first).mcp.lambda"]),
      (["mcp": ["apiGateway": [:]]], ["\(first).mcp.apiGateway"]),
      (["mcp": ["connector": [:]]], ["\(first).mcp.connector"]),
      (["mcp": ["hologram": [:]]], ["\(first).mcp.hologram"]), (["mcp": [:], "x": 1], ["\(first).x"]),
      (["http": ["agentcoreRuntime": ["arn": "a"]]], ["\(first).http.agentcoreRuntime"]),
      (
        ["http": ["passthrough": ["endpoint": "https://a.example/", "protocolType": "A2A"]]],
        ["\(first).http.passthrough.protocolType"]
      ),
      (["http": ["passthrough": ["endpoint": "https://a.example/"]]], ["\(first).http.passthrough"]),
      (["inference": [:]], ["\(first).inference"]), (["mcp": ["mcpServer": [:]]], ["\(first).mcp.mcpServer"]),
      (["mcp": ["mcpServer": ["endpoint": 1]]], ["\(first).mcp.mcpServer.endpoint"]),
      (["mcp": ["mcpServer": ["endpoint": "https://a.example/mcp?key=1"]]], ["left out target1.json"]),
      (["mcp": ["mcpServer": ["endpoint": "ftp://a.example"]]], ["left out target1.json"]),
      (["mcp": 1], ["\(first).mcp"]),
    ] as [(JSONObject, [String])])
  func saysWhyOthersAreNotCarriedOver(configuration: JSONObject, places: [String]) throws {
    let other: JSONValue = [
      "targetId": "x", "name": "other", "targetConfiguration": .object(configuration),
      "credentialProviderConfigurations": [["credentialProviderType": "OAUTH"]],
    ]
    let outcome = try ImportFixture.run(ImportFixture.gateway(), [other, ImportFixture.target("one")])
    #expect(outcome.places == places)
    #expect(outcome.configuration?.routes.map(\.path) == ["/mcp"])
    #expect(outcome.isComplete)
  }

  @Test(
    arguments: [
      (
        ["mcp": ["mcpServer": ["endpoint": "https://a.example/mcp", "listingMode": "DYNAMIC", "resourcePriority": 1]]],
        ["\(first).mcp.mcpServer.listingMode", "\(first).mcp.mcpServer.resourcePriority"]
      ),
      (
        ["mcp": ["mcpServer": ["endpoint": "https://a.example/mcp", "mcpToolSchema": [:]]]],
        ["ACCESS target1.json: targetConfiguration.mcp.mcpServer.mcpToolSchema"]
      ),
      (["http": ["passthrough": ["endpoint": "https://a.example/mcp", "protocolType": "MCP"]]], []),
      (
        [
          "http": [
            "passthrough": [
              "endpoint": "https://a.example/mcp", "protocolType": "MCP", "staticQueryParameters": [:], "schema": [:],
              "stickinessConfiguration": [:], "x": 1,
            ]
          ]
        ],
        ["stickinessConfiguration", "staticQueryParameters", "schema", "x"].map { "\(first).http.passthrough.\($0)" }
      ),
    ] as [(JSONObject, [String])])
  func carriesOverServers(configuration: JSONObject, places: [String]) throws {
    let target: JSONValue = ["name": "a", "targetConfiguration": .object(configuration)]
    let outcome = try ImportFixture.run(ImportFixture.gateway(), [target])
    #expect(outcome.places == places)
    #expect(outcome.configuration?.routes.first?.upstream.url.description == "https://a.example/mcp")
  }

  @Test func connectionsLeaveRemarks() throws {
    var target = ImportFixture.target("a").objectValue ?? [:]
    target["credentialProviderConfigurations"] = [
      ["credentialProviderType": "OAUTH", "credentialProvider": [:]], ["credentialProviderType": "API_KEY"],
    ]
    for name in ["metadataConfiguration", "privateEndpoint", "authorizationData", "news"] { target[name] = [:] }
    target["certificateConfigurations"] = []
    let outcome = try ImportFixture.run(ImportFixture.gateway(), [.object(target)])
    #expect(
      outcome.places
        == [
          "credentialProviderConfigurations", "metadataConfiguration", "privateEndpoint", "certificateConfigurations",
          "authorizationData", "news",
        ].map { "left out target1.json: \($0)" })
    #expect(outcome.remarks.first?.message.contains("OAUTH, API_KEY") == true)
    #expect(outcome.isComplete)
  }

  @Test func summariesAskForTheWhole() throws {
    let list: JSONValue = ["items": [["targetId": "id-one", "name": "one"], ["targetId": "id-two", "name": "two"]]]
    let outcome = try ImportFixture.run(ImportFixture.gateway(), [list, ImportFixture.target("one")])
    #expect(outcome.places == ["left out target1.json: items[1]"])
    #expect(outcome.remarks.first?.remedy.contains("--target-id id-two") == true)
  }
}
