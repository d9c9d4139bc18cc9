extension Fetch {
  /// Where a document is.
  package struct Location: Sendable, Equatable {
    package let host: String
    package let port: Int
    /// Path and query.
    package let target: String
    /// As the Host field has it.
    package let authority: String
    /// https.
    package let isSecure: Bool

    package init(host: String, port: Int, target: String, authority: String, isSecure: Bool = false) {
      self.isSecure = isSecure
      self.host = host
      self.port = port
      self.target = target
      self.authority = authority
    }

    package var url: String { "\(scheme)://\(authority)\(target)" }

    private var scheme: String { isSecure ? "https" : "http" }
  }
}

// MARK: Redirects

extension Fetch.Location {
  /// The place on the same origin that a Location field names: an absolute URL, or a path (RFC 9110 §10.2.2).
  ///
  /// - Throws: `redirected` when it is on another origin, `badRedirect` when it is neither.
  func redirected(to reference: String) throws(Fetch.Failure) -> Self {
    guard !reference.isEmpty, reference.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else { throw .badRedirect }
    let text = reference.prefix { $0 != "#" }
    if text.hasPrefix("/"), !text.hasPrefix("//") { return moved(to: String(text)) }
    let absolute = text.hasPrefix("//") ? "\(scheme):\(text)" : String(text)
    let itsScheme = absolute.prefix { $0 != ":" }
    let rest = absolute.dropFirst(itsScheme.count)
    guard rest.hasPrefix("://") else { throw .badRedirect }
    let itsAuthority = rest.dropFirst(3).prefix { $0 != "/" && $0 != "?" }
    guard !itsAuthority.isEmpty, !itsAuthority.contains("@") else { throw .badRedirect }
    let target = rest.dropFirst(3 + itsAuthority.count)
    guard itsScheme.lowercased() == scheme, origin(itsAuthority) == origin(authority[...]) else {
      // The query may hold what is not meant for logs.
      throw .redirected(to: String("\(itsScheme)://\(itsAuthority)\(target.prefix { $0 != "?" })".prefix(200)))
    }
    return moved(to: target.hasPrefix("/") ? String(target) : "/\(target)")
  }

  private func moved(to target: String) -> Self {
    Self(host: host, port: port, target: target, authority: authority, isSecure: isSecure)
  }

  /// Host and port in the one spelling that can be compared.
  private func origin(_ authority: Substring) -> String {
    let hasPort = authority.reversed().prefix { $0 != "]" }.contains(":")
    return authority.lowercased() + (hasPort ? "" : isSecure ? ":443" : ":80")
  }
}
