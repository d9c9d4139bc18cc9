import JOSE
import Pipeline

/// What a route asks of the client's certificate, besides a good token.
package struct CertificateBinding: Sendable {
  /// Tokens must be bound to the certificate of the connection they come over (RFC 8705 §3).
  private let bindsTokens: Bool
  /// Subjects that may call; empty: any.
  private let subjects: [[UInt8]]

  package init(bindsTokens: Bool = false, subjects: [String] = []) {
    self.bindsTokens = bindsTokens
    self.subjects = subjects.map { [UInt8]($0.utf8) }
  }

  /// Nil when the token may be used over this connection.
  func objection(to token: VerifiedToken, _ certificate: ClientCertificate?, _ challenge: Challenge) -> Rejection? {
    if bindsTokens {
      guard let bound = token.certificateThumbprint, let certificate, bound == certificate.thumbprint else {
        return challenge.refusing(.notBoundToCertificate)
      }
    }
    guard subjects.isEmpty || certificate.map({ subjects.contains($0.subject) }) == true else {
      return .certificateNotAllowed
    }
    return nil
  }
}
