package import Bytes

/// When a certificate expires, for monitoring.
package struct CertificateExpiry: Equatable, Sendable {
  /// The file it was read from.
  package let certificate: String
  /// The first name it is good for.
  package let name: String
  /// Seconds since 1970.
  package let notAfter: Int

  package init(certificate: String, name: String, notAfter: Int) {
    self.certificate = certificate
    self.name = name
    self.notAfter = notAfter
  }
}

/// The numbers of one process. Confined to the loop: counting is adding to a place in an array.
package final class Metrics {
  private var values: [Int]
  private var causes: [[(cause: StaticString, count: Int)]]
  private var expiries: [CertificateExpiry] = []

  package init() {
    values = Array(repeating: 0, count: MetricFamily.fixed.reduce(0) { $0 + $1.size })
    causes = Array(repeating: [], count: CauseCounter.allCases.count)
  }

  package func count(_ counter: Counter, by amount: Int = 1) { values[counter.slot] &+= amount }

  package func change(_ gauge: Gauge, by difference: Int) { values[gauge.slot] &+= difference }

  /// - Parameter cause: a literal in snake_case.
  package func count(_ counter: CauseCounter, _ cause: StaticString) {
    let family = counter.rawValue
    for index in causes[family].indices where Self.isSame(causes[family][index].cause, cause) {
      causes[family][index].count &+= 1
      return
    }
    causes[family].append((cause, 1))
  }

  /// Replaces the certificates that are shown; one that several listeners use is shown once.
  package func show(_ certificates: [CertificateExpiry]) {
    expiries = []
    for certificate in certificates
    where !expiries.contains(where: { $0.certificate == certificate.certificate && $0.name == certificate.name }) {
      expiries.append(certificate)
    }
  }

  /// Appends everything in the text format of Prometheus, version 0.0.4.
  package func render(to buffer: ByteBuffer) {
    let text = MetricsText(buffer)
    var slot = 0
    for family in MetricFamily.fixed {
      text.head(family)
      for series in 0..<family.size { text.sample(family, series: series, values[slot + series]) }
      slot += family.size
    }
    for counter in CauseCounter.allCases {
      let family = MetricFamily.of(counter)
      text.head(family)
      for (cause, count) in causes[counter.rawValue] { text.sample(family, [cause.description], count) }
    }
    text.head(.certificateExpiry)
    for expiry in expiries { text.sample(.certificateExpiry, [expiry.certificate, expiry.name], expiry.notAfter) }
  }

  /// A literal mostly stands at one address; the same one in another module may not.
  private static func isSame(_ left: StaticString, _ right: StaticString) -> Bool {
    if left.utf8Start == right.utf8Start { return left.utf8CodeUnitCount == right.utf8CodeUnitCount }
    return ByteView(start: left.utf8Start, count: left.utf8CodeUnitCount).equals(right)
  }
}
