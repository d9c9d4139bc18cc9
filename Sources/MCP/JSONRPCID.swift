package import JSON

/// The identifier of a request: MCP allows strings and integers, never null or fractions.
package enum JSONRPCID: Equatable, Sendable {
  case string(String)
  case integer(Int64)

  /// - Returns: nil when `value` is neither a string nor an integer.
  package init?(_ value: JSONValue) {
    switch value {
    case .string(let text): self = .string(text)
    case .integer(let number): self = .integer(number)
    default: return nil
    }
  }

  package var value: JSONValue {
    switch self {
    case .string(let text): .string(text)
    case .integer(let number): .integer(number)
    }
  }
}
