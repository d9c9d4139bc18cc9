internal import JSON
internal import Web

/// Who is calling, in the words of the gateway in front: the fields it sets after it has verified a token.
struct GatewayIdentity: Equatable {
  let subject: String?
  let client: String?
  let issuer: String?
  let scopes: [String]
  /// Whether a credential reached this server, which the gateway must never let happen.
  let hasCredentials: Bool

  init(_ request: LocalRequest) {
    subject = request.field("x-portcullis-subject")
    client = request.field("x-portcullis-client")
    issuer = request.field("x-portcullis-issuer")
    scopes = request.field("x-portcullis-scopes")?.split(separator: " ").map(String.init) ?? []
    hasCredentials = ["authorization", "proxy-authorization", "cookie"].contains { request.field($0) != nil }
  }

  /// Whether both are the same user of the same client: the only one that may go on with a session.
  func isSamePrincipal(as other: GatewayIdentity) -> Bool {
    subject == other.subject && client == other.client && issuer == other.issuer
  }
}
