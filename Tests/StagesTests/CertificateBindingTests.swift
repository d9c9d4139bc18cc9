import Bytes
import JOSE
import JSON
import Pipeline
import Telemetry
import Testing

@testable import Stages

struct CertificateBindingTests {
  private static let own = [UInt8](repeating: 1, count: 32)
  private static let other = [UInt8](repeating: 2, count: 32)
  private let challenge = Challenge(metadataURL: "https://gw.example/m", scope: [])

  private func decide(
    _ binding: CertificateBinding, bound: [UInt8]?, shown: [UInt8]?, subject: String = "CN=agent-7,O=Example"
  ) throws -> String {
    let changes = bound.map { [("cnf", JSONValue.object(["x5t#S256": .string(Base64URL.encode($0))]))] } ?? []
    let certificate = shown.map { ClientCertificate(subject: [UInt8](subject.utf8), thumbprint: $0) }
    let objection = binding.objection(to: try TestIssuer().verified(changes), certificate, challenge)
    return objection.map { "\($0.reply.status) \($0.reason)" } ?? "fine"
  }

  @Test(
    arguments: [
      (own, own, "fine"), (own, other, "401 not_bound_to_certificate"), (own, nil, "401 not_bound_to_certificate"),
      (nil, own, "401 not_bound_to_certificate"), (nil, nil, "401 not_bound_to_certificate"),
    ] as [([UInt8]?, [UInt8]?, String)])
  func tokens(_ bound: [UInt8]?, _ shown: [UInt8]?, _ outcome: String) throws {
    #expect(try decide(CertificateBinding(bindsTokens: true), bound: bound, shown: shown) == outcome)
    // A route that does not ask for it takes the token as it is.
    #expect(try decide(CertificateBinding(), bound: bound, shown: shown) == "fine")
  }

  @Test func aTokenIsRefusedAsInvalid() throws {
    let objection = CertificateBinding(bindsTokens: true).objection(to: try TestIssuer().verified(), nil, challenge)
    let exchange = Exchange()
    let responder = FakeResponder()
    let refusing = FakeStage { _ in objection.map { .reject($0) } ?? .proceed }
    exchange.run(RequestPath(local: [refusing]), for: responder)
    #expect(responder.events.first?.contains("WWW-Authenticate=Bearer error=\"invalid_token\"") == true)
    #expect(objection?.auth == .refused)
  }

  /// Byte by byte: a subject is text of the issuing authority, not a name with rules of its own.
  @Test(arguments: [
    ("CN=agent-7,O=Example", "fine"), ("CN=agent-8,O=Example", "fine"),
    ("cn=agent-7,O=Example", "403 certificate_not_allowed"), ("CN=agent-7", "403 certificate_not_allowed"),
    ("CN=agent-7,O=Example,C=DE", "403 certificate_not_allowed"),
  ])
  func subjects(_ subject: String, _ outcome: String) throws {
    let binding = CertificateBinding(subjects: ["CN=agent-7,O=Example", "CN=agent-8,O=Example"])
    #expect(try decide(binding, bound: nil, shown: Self.own, subject: subject) == outcome)
    #expect(try decide(binding, bound: nil, shown: nil) == "403 certificate_not_allowed")
    let both = CertificateBinding(bindsTokens: true, subjects: ["CN=agent-7,O=Example"])
    #expect(try decide(both, bound: Self.own, shown: Self.other) == "401 not_bound_to_certificate")
    #expect(try decide(both, bound: Self.own, shown: Self.own, subject: "CN=x") == "403 certificate_not_allowed")
  }
}
