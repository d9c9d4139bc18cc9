import Configuration
import JSON
import Testing

@testable import Onboarding

struct AgentCoreAuthorizerTests {
  private static let place = "gateway.json: authorizerConfiguration.customJWTAuthorizer"

  @Test(
    arguments: [
      (["allowedAudience": "api://tools"], ["ACCESS \(place).allowedAudience"]),
      (["allowedClients": ["a", 1]], ["ACCESS \(place).allowedClients"]),
      (["customClaims": ["a"]], ["ACCESS \(place).customClaims"]),
      (["advertisedScopeMapping": ["x": "y"]], ["left out \(place).advertisedScopeMapping.x"]),
      (["advertisedScopeMapping": ["tools.read": 1]], ["left out \(place).advertisedScopeMapping"]),
      (["allowedWorkloadConfiguration": [:]], ["ACCESS \(place).allowedWorkloadConfiguration"]),
      (["privateEndpoint": [:]], ["left out \(place).privateEndpoint"]),
      (["certificateConfigurations": [[:]]], ["left out \(place).certificateConfigurations"]),
      (["requiredSomething": true], ["ACCESS \(place).requiredSomething"]),
      (["allowedAudience": []], []),
    ] as [(JSONObject, [String])])
  func saysWhatIsNotCarriedOver(more: JSONObject, places: [String]) throws {
    var authorizer = ImportFixture.authorizer
    for member in more.members { authorizer[member.name] = member.value }
    #expect(try ImportFixture.run(ImportFixture.gateway(authorizer: authorizer)).places == places)
  }

  /// Type, operator, value, and whether the condition can be carried over.
  @Test(
    arguments: [
      ("STRING", "EQUALS", ["matchValueString": "a"], true),
      ("STRING_ARRAY", "CONTAINS", ["matchValueString": "a"], true),
      ("STRING_ARRAY", "CONTAINS_ANY", ["matchValueStringList": ["a", "b"]], true),
      ("STRING", "CONTAINS", ["matchValueString": "a"], false),
      ("STRING", "EQUALS", ["matchValueStringList": ["a"]], false),
      ("STRING", "EQUALS", ["matchValueString": "a", "matchValueStringList": ["b"]], false),
      ("STRING_ARRAY", "EQUALS", ["matchValueString": "a"], false),
      ("STRING_ARRAY", "CONTAINS_ANY", ["matchValueString": "a"], false),
      ("STRING_ARRAY", "CONTAINS_ANY", ["matchValueStringList": []], false),
      ("NUMBER", "EQUALS", ["matchValueString": "a"], false), ("STRING", "MATCHES", ["matchValueString": "a"], false),
      ("STRING", "EQUALS", [:], false),
    ] as [(String, String, JSONObject, Bool)])
  func claims(type: String, matchOperator: String, value: JSONObject, isCarriedOver: Bool) throws {
    var authorizer = ImportFixture.authorizer
    authorizer["customClaims"] = [
      [
        "inboundTokenClaimName": "groups", "inboundTokenClaimValueType": .string(type),
        "authorizingClaimMatchValue": [
          "claimMatchOperator": .string(matchOperator), "claimMatchValue": .object(value),
        ],
      ]
    ]
    let outcome = try ImportFixture.run(ImportFixture.gateway(authorizer: authorizer))
    #expect(outcome.isComplete == isCarriedOver)
    #expect(outcome.configuration?.routes.first?.rules?.customClaims.count == (isCarriedOver ? 1 : 0))
    #expect(isCarriedOver || outcome.places == ["ACCESS \(Self.place).customClaims[0]"])
  }

  /// A condition with more in it than is known here may be narrower than it looks.
  @Test func unknownPartsOfClaims() throws {
    var authorizer = ImportFixture.authorizer
    var claim = ImportFixture.claim.objectValue ?? [:]
    claim["negate"] = true
    authorizer["customClaims"] = [.object(claim)]
    let outcome = try ImportFixture.run(ImportFixture.gateway(authorizer: authorizer))
    #expect(outcome.places == ["ACCESS \(Self.place).customClaims[0].negate"])
  }

  @Test func privateAuthoritiesLeaveAHint() throws {
    var authorizer = ImportFixture.authorizer
    authorizer["certificateConfigurations"] = [["s3": [:]]]
    let outcome = try ImportFixture.run(ImportFixture.gateway(authorizer: authorizer))
    #expect(outcome.yaml.contains("      # provider_ca: /etc/portcullis/idp-ca.pem\n"))
    #expect(outcome.isComplete)
  }
}
