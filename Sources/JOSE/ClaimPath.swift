internal import Bytes
package import JSON

extension JSONText {
  /// The claim of that name; when there is none and the name has dots, the one that the name leads to through nested
  /// objects (`realm_access.roles`). Names inside may have dots themselves: shorter first parts are tried first.
  func claim(_ name: String) -> Int? {
    var name = name
    return name.withUTF8 { claim(at: ByteView($0), in: Self.root, partsLeft: 16) }
  }

  private func claim(at path: ByteView, in object: Int, partsLeft: Int) -> Int? {
    if let value = member(path, of: object) { return value }
    guard partsLeft > 0 else { return nil }
    var start = 0
    while let length = path.from(start).position(of: ASCII.dot) {
      let dot = start &+ length
      start = dot &+ 1
      guard let inner = member(path.slice(0, dot), of: object), nodes[inner].kind == .object else { continue }
      if let value = claim(at: path.from(dot + 1), in: inner, partsLeft: partsLeft - 1) { return value }
    }
    return nil
  }
}

extension JSONValue {
  /// The claim of that name, found as in a token. For people who want to know why one was refused.
  package func claim(_ name: String) -> JSONValue? {
    guard let text = try? JSONText(serialized()) else { return nil }
    return text.claim(name).map(text.value)
  }
}
