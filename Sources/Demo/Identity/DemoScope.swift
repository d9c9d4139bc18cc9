/// What a client may ask the demonstration's provider for.
enum DemoScope: String, CaseIterable {
  case tools = "mcp:tools"
  case admin = "mcp:admin"
  case openID = "openid"
  case profile
  case email
  case offlineAccess = "offline_access"

  /// What the user agrees to, in words.
  var explanation: String {
    switch self {
    case .tools: "Use the demo tools on your behalf"
    case .admin: "Read the demo server's administration report"
    case .openID: "Know who you are"
    case .profile: "See your name"
    case .email: "See your e-mail address"
    case .offlineAccess: "Keep its access while you are away"
    }
  }

  /// The known scopes of a space-separated list (RFC 6749 §3.3), each once; just the tools when nothing was
  /// asked for.
  ///
  /// Unknown ones are left out: the token response says which were granted.
  static func requested(_ list: String?) -> [DemoScope] {
    guard let list else { return [.tools] }
    let names = list.split(separator: " ").map(String.init)
    return allCases.filter { names.contains($0.rawValue) }
  }
}

extension [DemoScope] {
  var text: String { map(\.rawValue).joined(separator: " ") }
}
