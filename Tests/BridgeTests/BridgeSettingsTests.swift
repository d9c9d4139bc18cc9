import Testing

@testable import Bridge

@Suite struct BridgeSettingsTests {
  @Test func everyClientMayComeUnlessTheConfigurationSaysOtherwise() {
    let clients = BridgeClientSettings()
    #expect(clients.allowsRegistration && clients.allowsDocuments)
  }
}
