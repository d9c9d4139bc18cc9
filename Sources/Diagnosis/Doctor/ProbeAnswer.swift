/// What came back for one request: the response as it was sent, or words for why there is none.
package enum ProbeAnswer: Equatable, Sendable {
  package struct Response: Equatable, Sendable {
    package let status: Int
    /// Names in lower case.
    package let fields: [(name: String, value: String)]
    package let body: [UInt8]
    /// By our clock, seconds since 1970, when the head arrived.
    package let receivedAt: Int64

    package init(_ status: Int, _ fields: [(name: String, value: String)], body: [UInt8] = [], receivedAt: Int64 = 0) {
      self.status = status
      self.fields = fields
      self.body = body
      self.receivedAt = receivedAt
    }

    /// The values of all fields with that lower-case name.
    package func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

    package static func == (left: Response, right: Response) -> Bool {
      left.status == right.status && left.body == right.body && left.receivedAt == right.receivedAt
        && left.fields.elementsEqual(right.fields) { $0 == $1 }
    }
  }

  case response(Response)
  case failed(String)

  package var response: Response? {
    if case .response(let response) = self { response } else { nil }
  }
}
