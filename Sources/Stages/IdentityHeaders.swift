import Bytes
import HTTP
import JOSE

/// The header fields that hand the verified identity on to the backend (GW-61).
package struct IdentityHeaders: Sendable {
  package var subject: String?
  package var client: String?
  package var scopes: String?
  package var issuer: String?

  package init(subject: String?, client: String?, scopes: String?, issuer: String?) {
    self.subject = subject
    self.client = client
    self.scopes = scopes
    self.issuer = issuer
  }
}

/// Takes identity headers of a client's making out of a request and puts the verified ones in.
struct IdentityWriter {
  private let names: [[UInt8]]
  /// A bit for each length that one of the names has: most fields are none of them by their length.
  private let lengths: UInt64
  private let subject: [UInt8]?
  private let client: [UInt8]?
  private let scopes: [UInt8]?
  private let issuer: [UInt8]?

  init(_ headers: IdentityHeaders) {
    subject = headers.subject.map { [UInt8]($0.utf8) }
    client = headers.client.map { [UInt8]($0.utf8) }
    scopes = headers.scopes.map { [UInt8]($0.utf8) }
    issuer = headers.issuer.map { [UInt8]($0.utf8) }
    names = [subject, client, scopes, issuer].compactMap { $0?.map(Self.folded) }
    lengths = names.reduce(0) { $0 | 1 << UInt64($1.count & 63) }
  }

  func isIdentity(_ name: ByteView) -> Bool {
    guard lengths >> UInt64(name.count & 63) & 1 == 1 else { return false }
    for known in names where known.count == name.count {
      if zip(known, name).allSatisfy({ $0 == Self.folded($1) }) { return true }
    }
    return false
  }

  /// Many backends turn `_` and `-` into the same character, as CGI does: both spellings are one name.
  private static func folded(_ byte: UInt8) -> UInt8 { byte == 0x5F ? ASCII.dash : ASCII.lowercased(byte) }

  func write(_ token: VerifiedToken, to fields: Fields) {
    add(subject, token.subjectBytes, fields)
    add(client, token.clientBytes, fields)
    add(scopes, token.scopeBytes, fields)
    add(issuer, token.issuerBytes[...], fields)
  }

  private func add(_ name: [UInt8]?, _ value: @autoclosure () -> ArraySlice<UInt8>, _ fields: Fields) {
    guard let name else { return }
    let value = value()
    guard !value.isEmpty else { return }
    name.withUnsafeBytes { name in value.withUnsafeBytes { fields.append(name, $0) } }
  }
}
