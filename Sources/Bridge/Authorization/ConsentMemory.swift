import Bytes
import JOSE
import JSON
import Web

/// What the user has approved in this browser, so that he is not asked each time. It is in a cookie, sealed.
///
/// Only clients whose redirect URI is https are remembered: anybody on the user's computer can listen on loopback or
/// claim a scheme of his own, so a request from there has to be approved each time (RFC 8252 §8.6).
struct ConsentMemory {
  private struct Approval {
    let fingerprint: String
    /// Seconds since 1970.
    let givenAt: Int64
  }

  private var approvals: [Approval]
  /// Seconds; 0: nothing is remembered.
  private let lifetime: Int64

  private static let purpose = SealPurpose("consent")
  /// A cookie has room for about as many.
  private static let most = 40

  /// - Parameter cookie: what the browser has sent, if anything.
  init(_ cookie: String?, _ context: BridgeContext, now: Int64) {
    lifetime = context.settings.consentLifetime
    approvals = []
    guard let cookie, case .payload(let bytes) = context.sealer.open(cookie, for: Self.purpose, now: now),
      let entries = (try? JSONValue.parse(bytes))?["approvals"]?.objectValue
    else { return }
    // The lifetime may be another one than when it was given.
    for entry in entries.members {
      guard let givenAt = entry.value.integerValue, now < givenAt + lifetime else { continue }
      approvals.append(Approval(fingerprint: entry.name, givenAt: givenAt))
    }
  }

  func holds(_ pending: PendingAuthorization) -> Bool {
    guard mayRemember(pending.redirectURI), let fingerprint = Self.fingerprint(pending) else { return false }
    return approvals.contains { $0.fingerprint == fingerprint }
  }

  /// Whether an approval is remembered at all.
  func mayRemember(_ redirectURI: String) -> Bool {
    lifetime > 0 && (try? RedirectURI(redirectURI))?.scheme == "https"
  }

  /// The newest stay when there is no room for all.
  mutating func add(_ pending: PendingAuthorization, now: Int64) {
    guard mayRemember(pending.redirectURI), let fingerprint = Self.fingerprint(pending) else { return }
    approvals.removeAll { $0.fingerprint == fingerprint }
    approvals.append(Approval(fingerprint: fingerprint, givenAt: now))
    approvals.removeFirst(max(0, approvals.count - Self.most))
  }

  func sealed(_ sealer: Sealer, now: Int64) throws(CryptoFailure) -> String {
    let entries = JSONObject(approvals.map { ($0.fingerprint, .integer($0.givenAt)) })
    let document: JSONValue = ["approvals": .object(entries)]
    return try sealer.seal(document.serialized(), for: Self.purpose, expiry: now + lifetime)
  }

  /// Client, redirect URI, resource and scopes: who asks for something else asks anew.
  private static func fingerprint(_ pending: PendingAuthorization) -> String? {
    let facts: JSONValue = [
      .string(Base64URL.encode(pending.clientDigest)), .string(pending.redirectURI), .string(pending.resource),
      JSONValue(pending.scopes.sorted()),
    ]
    let digest = Digest.sha256(facts.serialized())
    return digest.count == 32 ? Base64URL.encode(digest.prefix(16)) : nil
  }
}
