package import JSON

extension JSONObject {
  /// The claim of that name; when there is none and the name has dots, the one that the name leads to through nested
  /// objects (`realm_access.roles`). Names inside may have dots themselves: shorter first parts are tried first.
  package func claim(_ name: String) -> JSONValue? {
    if let value = self[name] { return value }
    guard name.utf8.contains(0x2E) else { return nil }
    return claim(at: name[...], partsLeft: 16)
  }

  private func claim(at path: Substring, partsLeft: Int) -> JSONValue? {
    if let value = self[String(path)] { return value }
    guard partsLeft > 0 else { return nil }
    var search = path.startIndex
    while let dot = path[search...].utf8.firstIndex(of: 0x2E) {
      search = path.utf8.index(after: dot)
      guard case .object(let inner)? = self[String(path[..<dot])] else { continue }
      if let value = inner.claim(at: path[search...], partsLeft: partsLeft - 1) { return value }
    }
    return nil
  }
}
