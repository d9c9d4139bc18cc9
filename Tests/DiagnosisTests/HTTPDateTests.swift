import Testing

@testable import Diagnosis

struct HTTPDateTests {
  @Test(arguments: [
    ("Tue, 14 Nov 2023 22:13:20 GMT", 1_700_000_000), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
  ])
  func thePreferredForm(_ text: String, _ seconds: Int64) { #expect(HTTPDate.seconds(text) == seconds) }

  @Test(arguments: [
    "", "Tue, 14 Nov 2023 22:13:20", "Tue, 14 Nov 2023 22:13:20 CET", "Tuesday, 14-Nov-23 22:13:20 GMT",
    "Tue Nov 14 22:13:20 2023", "Tue, 32 Nov 2023 22:13:20 GMT", "Tue, 14 Non 2023 22:13:20 GMT",
    "Tue, 14 Nov 2023 24:13:20 GMT", "Tue, 14 Nov 2023 22:13 GMT", "Tue, 14 Nov 99999 22:13:20 GMT",
  ])
  func nothingElse(_ text: String) { #expect(HTTPDate.seconds(text) == nil) }
}
