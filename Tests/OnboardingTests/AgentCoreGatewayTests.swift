import Configuration
import JSON
import Testing

@testable import Onboarding

struct AgentCoreGatewayTests {
  @Test(
    arguments: [
      (["interceptorConfigurations": [["a": 1]]], ["ACCESS gateway.json: interceptorConfigurations"]),
      (
        ["policyEngineConfiguration": ["arn": "a", "mode": "ENFORCE"]],
        ["ACCESS gateway.json: policyEngineConfiguration"]
      ),
      (
        ["policyEngineConfiguration": ["arn": "a", "mode": "LOG_ONLY"]],
        ["left out gateway.json: policyEngineConfiguration"]
      ),
      (
        ["policyEngineConfiguration": ["mode": "LOG_ONLY", "x": 1]],
        [
          "ACCESS gateway.json: policyEngineConfiguration.x", "left out gateway.json: policyEngineConfiguration",
        ]
      ),
      (["wafConfiguration": ["failureMode": "FAIL_OPEN"]], ["left out gateway.json: wafConfiguration"]),
      (["wafConfiguration": ["webAclArn": "a"]], ["ACCESS gateway.json: wafConfiguration"]),
      (["customTransformConfiguration": [:]], ["left out gateway.json: customTransformConfiguration"]),
      (["exceptionLevel": "DEBUG"], ["left out gateway.json: exceptionLevel"]),
      (["gatewayUrl": "https://x.example/mcp"], ["note gateway.json: gatewayUrl"]),
      (["protocolType": "HTTP"], ["left out gateway.json: protocolType"]),
      (["gatewayArn": "a", "tags": [:], "roleArn": "b"], ["left out gateway.json"]),
      (
        ["protocolConfiguration": ["mcp": ["searchType": "SEMANTIC", "sessionConfiguration": [:], "x": 1], "y": 1]],
        [
          "left out gateway.json: protocolConfiguration.mcp.searchType",
          "left out gateway.json: protocolConfiguration.mcp.sessionConfiguration",
          "left out gateway.json: protocolConfiguration.mcp.x", "left out gateway.json: protocolConfiguration.y",
        ]
      ),
      (["somethingNew": ["deny": "all"]], ["ACCESS gateway.json: somethingNew"]),
      (["kms\u{212A}eyArn": "a"], ["ACCESS gateway.json: kms\u{212A}eyArn"]),
      (["name": 7], ["ACCESS gateway.json: name"]), (["somethingNull": .null], []),
    ] as [(JSONObject, [String])])
  func saysWhatIsNotCarriedOver(more: JSONObject, places: [String]) throws {
    let outcome = try ImportFixture.run(ImportFixture.gateway(more))
    #expect(outcome.places == places)
    #expect(outcome.isComplete == !places.contains { $0.hasPrefix("ACCESS") })
    #expect(outcome.configuration != nil)
    // The list stands in the file, too.
    for remark in outcome.remarks {
      #expect(outcome.yaml.contains(remark.place.split(separator: " ").last.map(String.init) ?? ""))
    }
  }
}
