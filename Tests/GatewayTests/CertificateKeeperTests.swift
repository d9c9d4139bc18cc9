import Bytes
import Inbound
import JSON
import Net
import Pipeline
import Telemetry
import Testing

@testable import Gateway

/// The certificates of a running gateway.
struct CertificateKeeperTests {
  private let test: TestLoop
  private let files: TestFiles
  private let authority: TestAuthority
  private let log: Log
  private let lines = Lines()
  private let metrics = Metrics()

  private final class Lines { var all: [JSONValue] = [] }

  init() throws {
    test = try TestLoop()
    files = try TestFiles()
    authority = try TestAuthority()
    log = Log { [lines] line in
      do { lines.all.append(try JSONValue.parse(Array(line.dropLast()))) } catch { Issue.record("\(error)") }
    }
  }

  private func events(_ name: String) -> [JSONValue] { lines.all.filter { $0["event"]?.stringValue == name } }

  private func leaf(_ name: String, end: Int = 90 * 86_400) throws -> TestAuthority {
    try authority.issue(names: [name], start: -86_400, end: end)
  }

  /// A listener with this certificate, and who keeps it.
  private func keep(
    _ settings: TLSServerSettings, _ body: (CertificateKeeper, InboundListener) throws -> Void
  ) throws {
    let service = InboundService(test.loop, InboundSettings(), Router([]), log, metrics)
    var options = ListenerOptions()
    options.tls = try TLSServerContext(settings)
    let listener = try service.listen(.ip("127.0.0.1", port: 0), backlog: 1, options)
    let keeper = CertificateKeeper(test.loop, log, metrics)
    keeper.keep(listener, settings)
    keeper.start()
    defer { service.drain(timeout: 0) {} }
    try body(keeper, listener)
  }

  private func names(_ listener: InboundListener) -> [String]? { listener.options.tls?.certificates.flatMap(\.names) }

  @Test func saysWhatIsInUse() throws {
    let certificate = try files.settings(leaf("a.example"))
    try keep(TLSServerSettings(certificates: [certificate])) { _, _ in
      let said = try #require(events("certificate").first)
      #expect(said["file"]?.stringValue == certificate.certificate)
      #expect(said["names"] == "a.example")
      #expect(said["key"] == "EC P-256")
      #expect(said["not_after"]?.stringValue?.hasSuffix("Z") == true)
      let buffer = ByteBuffer()
      metrics.render(to: buffer)
      #expect(buffer.view.text.contains("certificate=\"\(certificate.certificate)\",name=\"a.example\"}"))
      #expect(lines.all.count == 1)
    }
  }

  @Test(arguments: [
    (-60, "certificate_expired", "error"), (13 * 86_400, "certificate_expires", "warning"), (15 * 86_400, "", ""),
  ])
  func warnsOfTheEnd(_ end: Int, _ event: String, _ level: String) throws {
    let settings = TLSServerSettings(certificates: [try files.settings(leaf("a.example", end: end))])
    try keep(settings) { keeper, _ in
      let warnings = lines.all.filter { $0["event"] != "certificate" }
      #expect(warnings.map { $0["event"]?.stringValue } == (event.isEmpty ? [] : [event]))
      #expect(warnings.map { $0["level"]?.stringValue } == (event.isEmpty ? [] : [level]))
      keeper.readAgain()
      #expect(events(event).count == (event.isEmpty ? 0 : 2))
    }
  }

  /// Stapling stops with it, and nobody would notice.
  @Test(arguments: [(-60, 1), (3_600, 0)])
  func warnsOfAnOCSPResponseThatIsOutOfDate(_ end: Int, _ count: Int) throws {
    let leaf = try leaf("a.example")
    let response = try authority.ocspResponse(about: leaf, end: end)
    try keep(TLSServerSettings(certificates: [try files.settings(leaf, ocsp: response)])) { _, _ in
      #expect(events("ocsp_response_outdated").count == count)
    }
  }

  @Test func readsAgainAndKeepsWhatItCannotReplace() throws {
    let first = try leaf("a.example")
    let second = try leaf("b.example")
    let certificate = try files.settings(first)
    try keep(TLSServerSettings(certificates: [certificate])) { keeper, listener in
      let old = listener.options.tls
      // Half of a renewal: the key is still the old one.
      try files.replace(certificate.certificate, by: second.chainPEM)
      keeper.readAgain()
      #expect(listener.options.tls === old)
      let kept = try #require(events("certificates_kept").first)
      #expect(kept["level"] == "error")
      #expect(kept["file"]?.stringValue == certificate.key)
      #expect(kept["detail"]?.stringValue?.isEmpty == false)
      #expect(kept["remedy"]?.stringValue?.isEmpty == false)
      #expect(kept["listener"]?.stringValue == "\(listener.address)")
      #expect(events("certificates_read").isEmpty)

      try files.replace(certificate.key, by: second.keyPEM)
      keeper.readAgain()
      #expect(listener.options.tls !== old)
      #expect(names(listener) == ["b.example"])
      #expect(events("certificates_read").count == 1)
      #expect(events("certificate").last?["names"] == "b.example")
      let buffer = ByteBuffer()
      metrics.render(to: buffer)
      #expect(!buffer.view.text.contains("a.example"))
    }
  }

  /// By itself, and once for both files.
  @Test func noticesNewFiles() throws {
    let certificate = try files.settings(leaf("a.example"))
    let renewed = try leaf("b.example")
    try keep(TLSServerSettings(certificates: [certificate])) { keeper, listener in
      try withExtendedLifetime(keeper) {
        // The first look of the watchers.
        var isOver = false
        let look = Deadline(test.loop.deadlines) { isOver = true }
        look.set(in: 100)
        try test.run(until: { isOver })
        try files.replace(certificate.certificate, by: renewed.chainPEM)
        try files.replace(certificate.key, by: renewed.keyPEM)
        try test.run(until: { !events("certificates_read").isEmpty })
        #expect(names(listener) == ["b.example"])
        #expect(events("certificates_read").count == 1)
        #expect(events("certificates_kept").isEmpty)
      }
    }
  }

  @Test func withoutTLSThereIsNothingToDo() throws {
    let keeper = CertificateKeeper(test.loop, log, metrics)
    keeper.start()
    keeper.readAgain()
    #expect(lines.all.isEmpty)
  }
}
