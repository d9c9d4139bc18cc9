import Bytes

/// A complete response made by the gateway itself, built once and sent many times.
package struct Reply: Sendable {
  package struct Field: Sendable {
    package let name: StaticString
    package let value: [UInt8]
  }

  package let status: Int
  package private(set) var fields: [Field]
  package let body: [UInt8]

  /// - Parameter fields: names and values; Content-Length, Date and Connection are added when it is sent.
  package init(_ status: Int, _ fields: [(StaticString, String)] = [], body: [UInt8] = []) {
    self.status = status
    self.fields = fields.map { Field(name: $0.0, value: [UInt8]($0.1.utf8)) }
    self.body = body
  }

  /// A JSON document.
  package static func json(_ status: Int, _ fields: [(StaticString, String)] = [], _ body: [UInt8]) -> Reply {
    Reply(status, [("Content-Type", "application/json")] + fields, body: body)
  }

  /// The value of the first field with that name.
  package func field(_ name: StaticString) -> String? {
    fields.first { $0.name.description == name.description }.map { String(decoding: $0.value, as: UTF8.self) }
  }
}
