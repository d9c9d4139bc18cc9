import Bytes
import Testing

@testable import Telemetry

struct MetricsTests {
  private func lines(_ metrics: Metrics) -> [String] {
    let buffer = ByteBuffer()
    metrics.render(to: buffer)
    let text = buffer.view.text
    #expect(text.hasSuffix("\n"))
    return text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// The lines whose number is not 0.
  private func nonZero(_ metrics: Metrics) -> [String] {
    lines(metrics).filter { !$0.hasPrefix("#") && !$0.hasSuffix(" 0") }
  }

  /// Every place in the array with the one line that shows it.
  private static let counters: [(Counter, String)] = {
    var all: [(Counter, String)] = []
    for (label, listener) in [("clear", ListenerLabel.clear), ("tls", .tls)] {
      all.append((.connectionsAccepted(listener), "connections_accepted_total{listener=\"\(label)\"}"))
    }
    for (label, version) in [("1.2", TLSLabel.v12), ("1.3", .v13)] {
      for resumed in [false, true] {
        all.append(
          (
            .handshakesCompleted(version, resumed: resumed),
            "tls_handshakes_total{version=\"\(label)\",resumed=\"\(resumed)\"}"
          ))
      }
    }
    for (label, version) in [("http1", ProtocolLabel.http1), ("http2", .http2)] {
      for status in 1...5 {
        all.append(
          (
            .requests(version, status: status * 100 + status),
            "requests_total{protocol=\"\(label)\",status=\"\(status)xx\"}"
          ))
      }
      all.append((.requests(version, status: 0), "requests_total{protocol=\"\(label)\",status=\"none\"}"))
      all.append((.upstreamConnectionsOpened(version), "upstream_connections_opened_total{protocol=\"\(label)\"}"))
      all.append((.upstreamConnectionsFailed(version), "upstream_connections_failed_total{protocol=\"\(label)\"}"))
    }
    all.append((.upstreamConnectionsFailed(nil), "upstream_connections_failed_total{protocol=\"unknown\"}"))
    return all
  }()

  @Test(arguments: counters.indices)
  func eachCounterHasItsLine(_ index: Int) {
    let (counter, series) = Self.counters[index]
    let metrics = Metrics()
    metrics.count(counter)
    metrics.count(counter, by: 41)
    #expect(nonZero(metrics) == ["portcullis_\(series) 42"])
  }

  @Test func noSeriesIsLeftWithoutACounter() {
    let metrics = Metrics()
    for (counter, _) in Self.counters { metrics.count(counter) }
    for listener in ListenerLabel.allCases { metrics.change(.connectionsOpen(listener), by: 1) }
    #expect(lines(metrics).allSatisfy { $0.hasPrefix("#") || $0.hasSuffix(" 1") })
  }

  @Test(arguments: [(200, "2xx"), (204, "2xx"), (101, "1xx"), (599, "5xx"), (600, "none"), (99, "none"), (-1, "none")])
  func statusClasses(_ status: Int, _ label: String) {
    let metrics = Metrics()
    metrics.count(.requests(.http2, status: status))
    #expect(nonZero(metrics) == ["portcullis_requests_total{protocol=\"http2\",status=\"\(label)\"} 1"])
  }

  @Test func gauges() {
    let metrics = Metrics()
    for _ in 0..<3 { metrics.change(.connectionsOpen(.tls), by: 1) }
    metrics.change(.connectionsOpen(.clear), by: 1)
    metrics.change(.connectionsOpen(.clear), by: -1)
    metrics.change(.connectionsOpen(.tls), by: -1)
    #expect(nonZero(metrics) == ["portcullis_connections_open{listener=\"tls\"} 2"])
  }

  @Test(arguments: [
    (CauseCounter.connectionsRefused, "connections_refused_total{cause"),
    (.handshakesFailed, "tls_handshake_failures_total{reason"),
    (.http2Abuse, "http2_connections_abused_total{cause"),
    (.proxyHeadersRefused, "proxy_headers_refused_total{reason"),
    (.keyFetches, "key_fetches_total{outcome"), (.upstreamFailures, "upstream_failures_total{reason"),
  ])
  func causes(_ counter: CauseCounter, _ name: String) {
    let metrics = Metrics()
    metrics.count(counter, "first_cause")
    metrics.count(counter, "second_cause")
    metrics.count(counter, "first_cause")
    metrics.count(counter, "first_cause_but_longer")
    #expect(
      nonZero(metrics) == [
        "portcullis_\(name)=\"first_cause\"} 2", "portcullis_\(name)=\"second_cause\"} 1",
        "portcullis_\(name)=\"first_cause_but_longer\"} 1",
      ])
  }

  @Test func certificates() {
    let metrics = Metrics()
    let path = "/etc/tls/fullchain.pem"
    metrics.show([
      CertificateExpiry(certificate: path, name: "gw.example", notAfter: 2_000_000_000),
      CertificateExpiry(certificate: path, name: "*.gw.example", notAfter: 2_000_000_001),
      CertificateExpiry(certificate: path, name: "gw.example", notAfter: 2_000_000_000),
    ])
    let name = "portcullis_tls_certificate_expiry_timestamp_seconds"
    #expect(
      nonZero(metrics) == [
        "\(name){certificate=\"\(path)\",name=\"gw.example\"} 2000000000",
        "\(name){certificate=\"\(path)\",name=\"*.gw.example\"} 2000000001",
      ])
    metrics.show([])
    #expect(nonZero(metrics).isEmpty)
  }

  /// What a file name or a certificate says stays inside of its label.
  @Test(arguments: [
    ("plain", "plain"), ("a\"b", "a\\\"b"), ("a\\b", "a\\\\b"), ("a\nb", "a\\nb"), ("\\n", "\\\\n"), ("é}", "é}"),
    ("\"} 1\nforged 1", "\\\"} 1\\nforged 1"), ("", ""),
  ])
  func labelValuesAreEscaped(_ value: String, _ escaped: String) {
    let metrics = Metrics()
    metrics.show([CertificateExpiry(certificate: value, name: value, notAfter: 7)])
    #expect(
      nonZero(metrics) == [
        "portcullis_tls_certificate_expiry_timestamp_seconds{certificate=\"\(escaped)\",name=\"\(escaped)\"} 7"
      ])
  }

  /// Text format 0.0.4: each metric once, HELP and TYPE before its samples; counters end in `_total`, others do not.
  @Test func format() throws {
    let metrics = Metrics()
    for counter in CauseCounter.allCases { metrics.count(counter, "cause") }
    metrics.show([CertificateExpiry(certificate: "a", name: "b", notAfter: 1)])
    var seen: Set<String> = []
    var current = ""
    var helped = ""
    for line in lines(metrics) {
      let words = line.split(separator: " ", maxSplits: 3).map(String.init)
      switch (words[0], words[1]) {
      case ("#", "HELP"):
        helped = words[2]
        #expect(words.count == 4)
        #expect(seen.insert(helped).inserted)
      case ("#", "TYPE"):
        current = words[2]
        #expect(current == helped)
        #expect(current.hasPrefix("portcullis_"))
        #expect(words[3] == (current.hasSuffix("_total") ? "counter" : "gauge"))
      default:
        #expect(line.hasPrefix("\(current){"))
        let number = try #require(line.split(separator: " ").last)
        #expect(Int(number) != nil)
      }
    }
    #expect(seen.count == 15)
  }
}
