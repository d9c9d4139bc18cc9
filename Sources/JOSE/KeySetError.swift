package import JSON

/// Why a document is no JSON Web Key Set (RFC 7517 §5).
package enum KeySetError: Error, Equatable, CustomStringConvertible {
  case notJSON(JSONError)
  /// No object with an array `keys`.
  case notAKeySet
  case tooManyKeys

  package var description: String {
    switch self {
    case .notJSON(let error): "not JSON: \(error)"
    case .notAKeySet: "not a JSON Web Key Set: no array \"keys\""
    case .tooManyKeys: "more than \(KeySet.mostKeys) keys"
    }
  }
}
