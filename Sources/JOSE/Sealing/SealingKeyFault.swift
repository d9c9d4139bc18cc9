/// Why a text holds no sealing keys. Never repeats any of it: what stands in the wrong place may be a secret.
package struct SealingKeyFault: Error, Equatable, CustomStringConvertible {
  package enum Kind: Equatable, Sendable {
    case noKey, tooManyKeys, notTwoWords, id, secret, placeholder
    /// An id that another line has already.
    case repeatedID(line: Int)
  }

  package let kind: Kind
  /// Counted from 1; nil: it is not about one line.
  package let line: Int?

  init(_ kind: Kind, line: Int? = nil) {
    self.kind = kind
    self.line = line
  }

  /// For a text behind the name of a file: `line 3: …`.
  package var description: String { (line.map { "line \($0): " } ?? "") + what }

  /// Without the line.
  package var what: String {
    switch kind {
    case .noKey: "holds no key"
    case .tooManyKeys: "holds more than \(SealingKeys.limit) keys"
    case .notTwoWords: "not an id and a key, separated by a space"
    case .id: "the id is not 1 to \(SealingKey.longestID) letters, digits, dots, dashes and underscores"
    case .secret: "the key is not \(2 * SealingKey.secretLength) hexadecimal digits"
    case .placeholder: "the key is one byte over and over"
    case .repeatedID(let other): "the id is that of line \(other)"
    }
  }

  package var remedy: String {
    switch kind {
    case .tooManyKeys: "leave out keys whose seals have all expired"
    case .repeatedID: "give each key an id of its own"
    default: "write each line by: echo \"$(date +%F) $(openssl rand -hex 32)\""
    }
  }
}
