import Bytes
import Testing

@testable import Telemetry

struct MetricsSumTests {
  private func page(_ fill: (Metrics) -> Void) -> String {
    let metrics = Metrics()
    fill(metrics)
    let buffer = ByteBuffer()
    metrics.render(to: buffer)
    return buffer.view.text
  }

  private func rendered(_ sum: MetricsSum) -> String {
    let buffer = ByteBuffer()
    sum.render(to: buffer)
    return buffer.view.text
  }

  private func expiry(_ notAfter: Int) -> [CertificateExpiry] {
    [CertificateExpiry(certificate: "/a b.pem", name: "\"x\"", notAfter: notAfter)]
  }

  @Test func oneAloneIsShownAsItIs() {
    let text = page {
      $0.count(.requests(.http2, status: 200), by: 7)
      $0.count(.tokensRefused, "expired")
      $0.show(expiry(5))
    }
    var sum = MetricsSum()
    sum.add(text)
    #expect(rendered(sum) == text)
  }

  @Test func severalAreShownAsOneThatHasDoneItAll() {
    var sum = MetricsSum()
    for (requests, open, cause, end) in [(1, 2, "a", 9), (10, 20, "b", 8), (100, 200, "a", 10)]
      as [(Int, Int, StaticString, Int)]
    {
      sum.add(
        page {
          $0.count(.requests(.http1, status: 200), by: requests)
          $0.change(.connectionsOpen(.tls), by: open)
          $0.count(.keyFetches, cause)
          $0.show(expiry(end))
        })
    }
    let all = page {
      $0.count(.requests(.http1, status: 200), by: 111)
      $0.change(.connectionsOpen(.tls), by: 222)
      for cause in ["a", "b", "a"] as [StaticString] { $0.count(.keyFetches, cause) }
      $0.show(expiry(8))
    }
    #expect(rendered(sum) == all)
    #expect(sum.total(of: "portcullis_connections_open") == 222)
    #expect(sum.total(of: "portcullis_unknown") == 0)
  }

  @Test func ofTheDeadOnlyTheirDeedsCount() {
    var sum = MetricsSum()
    sum.add(
      page {
        $0.count(.requests(.http1, status: 200), by: 3)
        $0.change(.connectionsOpen(.tls), by: 4)
        $0.show(expiry(1))
      }, countersOnly: true)
    #expect(sum.total(of: "portcullis_requests_total") == 3)
    #expect(sum.total(of: "portcullis_connections_open") == 0)
    #expect(sum.total(of: "portcullis_tls_certificate_expiry_timestamp_seconds") == 0)
  }

  @Test func bucketsOfHistogramsAreAdded() {
    let text = """
      # HELP h H.
      # TYPE h histogram
      h_bucket{le="1"} 1
      h_bucket{le="+Inf"} 2
      h_sum 5
      h_count 2

      """
    var sum = MetricsSum()
    for isGone in [true, false] { sum.add(text, countersOnly: isGone) }
    #expect(rendered(sum).contains("h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 4\nh_sum 10\nh_count 4\n"))
  }

  @Test(arguments: ["", "\n\n", "a", "a b", "# HELP\n", "# TYPE x\nx 1.5\n"])
  func whatIsNoNumberIsLeftOut(_ text: String) {
    var sum = MetricsSum()
    sum.add(text)
    #expect(rendered(sum) == "")
  }
}
