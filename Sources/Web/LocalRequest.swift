import JSON

/// An HTTP request as a local service sees it: complete, with its body in memory.
package struct LocalRequest: Sendable {
  package let method: String
  /// Without the query, still percent-encoded.
  package let path: String
  /// What follows the question mark, still percent-encoded.
  package let query: String?
  /// Names in lower case, repeated fields one by one.
  package let fields: [(name: String, value: String)]
  package let body: [UInt8]
  /// The client's address literal, or `unix`.
  package let clientAddress: [UInt8]

  package init(
    method: String, path: String, query: String? = nil, fields: [(name: String, value: String)] = [],
    body: [UInt8] = [], clientAddress: [UInt8] = []
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.fields = fields
    self.body = body
    self.clientAddress = clientAddress
  }

  /// The value of the first field of that name.
  package func field(_ name: String) -> String? {
    fields.first { $0.name.hasSameBytes(as: name) }?.value
  }

  /// The media type of the body in lower case, without parameters.
  package var mediaType: String? {
    field("content-type").map { Self.mediaType(of: $0) }
  }

  /// Whether the `Accept` field takes `type/subtype`, itself or by a wildcard (RFC 9110 §12.5.1); so does its
  /// absence.
  package func accepts(_ type: String, _ subtype: String) -> Bool {
    let values = fields.filter { $0.name == "accept" }.map(\.value)
    guard !values.isEmpty else { return true }
    let acceptable = ["*/*", "\(type)/*", "\(type)/\(subtype)"]
    return values.contains { value in
      value.split(separator: ",").contains { acceptable.contains(Self.mediaType(of: String($0))) }
    }
  }

  /// The value of a cookie (RFC 6265 §4.2).
  package func cookie(_ name: String) -> String? { cookies.first { $0.name.hasSameBytes(as: name) }?.value }

  /// All cookies, in the order in which they were sent.
  package var cookies: [(name: String, value: String)] {
    var cookies: [(name: String, value: String)] = []
    for field in fields where field.name == "cookie" {
      for pair in field.value.split(separator: ";") {
        let parts = pair.split(separator: "=", maxSplits: 1)
        if parts.count == 2 { cookies.append((trimmed(parts[0]), trimmed(parts[1]))) }
      }
    }
    return cookies
  }

  private static func mediaType(of value: String) -> String {
    trimmed(value.prefix { $0 != ";" }).lowercased()
  }
}

/// The text without the optional white space around it (RFC 9110 §5.6.3).
private func trimmed(_ text: Substring) -> String {
  let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
  let start = text.drop(while: isSpace)
  return String(
    start.prefix(upTo: start.lastIndex { !isSpace($0) }.map { start.index(after: $0) } ?? start.startIndex))
}
