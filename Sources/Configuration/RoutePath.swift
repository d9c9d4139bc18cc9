extension ScalarFormat where Value == String {
  /// The one spelling of a route's path, so that no two routes can mean the same and none needs decoding.
  static var routePath: Self {
    Self(expected: "an absolute path", example: "/mcp") { text throws(Fault) in
      guard text.hasPrefix("/") else {
        throw Fault("\(quoted(text)) is not an absolute path", remedy: "Start it with \"/\", such as /mcp.")
      }
      guard CharacterClass.path.contains(all: text) else {
        throw Fault(
          "\(quoted(text)) has characters that a route's path cannot have",
          remedy: "Use letters, digits and -._~!$&'()*+,;=:@ between slashes: no query, no percent-encoding.")
      }
      guard text == "/" || !text.hasSuffix("/") else {
        throw Fault(
          "the path ends in a slash", remedy: "Write \(trimmed(text)); the gateway redirects the other form.")
      }
      let segments = text.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
      guard text == "/" || segments.allSatisfy({ !["", ".", ".."].contains($0) }) else {
        throw Fault(
          "the path has an empty segment, \".\" or \"..\"",
          remedy: "Write the path that remains without them.")
      }
      guard segments.first != ".well-known" else {
        throw Fault("/.well-known belongs to the gateway's own documents", remedy: "Choose another path.")
      }
      return text
    }
  }

  static var routeName: Self {
    Self(expected: "a name of letters, digits and _.-/", example: "tools") { text in
      !text.isEmpty && text.utf8.count <= 255 && CharacterClass.routeName.contains(all: text) ? text : nil
    }
  }

  private static func trimmed(_ path: String) -> String {
    let end = path.lastIndex { $0 != "/" }
    return end.map { String(path[...$0]) } ?? "/"
  }
}
