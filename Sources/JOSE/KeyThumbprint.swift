internal import JSON

/// The name a key gives itself: the SHA-256 of its required members (RFC 7638 §3).
enum KeyThumbprint {
  /// - Parameter members: only those that RFC 7638 §3.2 and RFC 8037 §2 require, in canonical form.
  /// - Returns: 32 bytes.
  static func sha256(_ members: JSONObject) -> [UInt8] {
    let sorted = members.members.sorted { $0.name < $1.name }.map { ($0.name, $0.value) }
    return Digest.sha256(JSONValue.object(JSONObject(sorted)).serialized())
  }
}
