import Web

/// What all replies of the token, revocation and registration endpoints share.
enum TokenReply {
  /// Pages of any origin may read them: no cookie takes part. Nobody keeps them (RFC 6749 §5.1).
  static let fields: [(name: String, value: String)] = [
    ("cache-control", "no-store"), ("pragma", "no-cache"), ("access-control-allow-origin", "*"),
  ]

  /// The answer to a CORS preflight.
  static let preflight = LocalReply(
    status: 204,
    fields: [
      ("access-control-allow-origin", "*"), ("access-control-allow-methods", "POST"),
      ("access-control-allow-headers", "content-type, authorization, mcp-protocol-version"),
      ("access-control-max-age", "86400"),
    ])

  /// What to answer to anything but POST; nil for POST.
  static func unlessPost(_ method: String) -> LocalReply? {
    switch method {
    case "POST": nil
    case "OPTIONS": preflight
    default: LocalReply.methodNotAllowed("POST, OPTIONS").adding(fields)
    }
  }
}
