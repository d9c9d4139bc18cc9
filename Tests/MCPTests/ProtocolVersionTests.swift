import MCP
import Testing

@Suite struct ProtocolVersionTests {
  @Test func revisionsAreNamedByTheirDate() {
    #expect(
      ProtocolVersion.newestFirst.map(\.rawValue) == ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"])
    #expect(ProtocolVersion(rawValue: "2099-01-01") == nil)
  }

  @Test func onlyTheNewestIsModern() {
    #expect(ProtocolVersion.allCases.filter(\.isModern) == [.july2026])
    #expect(ProtocolVersion.modern == [.july2026])
    #expect(ProtocolVersion.newestLegacy == .november2025)
  }
}
