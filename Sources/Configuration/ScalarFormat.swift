/// How the text of one scalar becomes a value: one entry of the table of formats that the sections refer to.
struct ScalarFormat<Value> {
  /// Completes the sentence "expected …".
  let expected: String
  /// A valid text, for the remedy.
  let example: String
  let parse: (String) throws(Fault) -> Value

  init(expected: String, example: String, parse: @escaping (String) throws(Fault) -> Value) {
    self.expected = expected
    self.example = example
    self.parse = parse
  }

  /// The format of texts that `read` turns into a value, everything else being refused with the same words.
  init(expected: String, example: String, read: @escaping (String) -> Value?) {
    self.init(expected: expected, example: example) { text throws(Fault) in
      guard let value = read(text) else {
        throw Fault("expected \(expected), found \(quoted(text))", remedy: "For example: \(example)")
      }
      return value
    }
  }
}

extension ScalarFormat where Value == Bool {
  static var bool: Self {
    Self(expected: "true or false", example: "true") { ["true": true, "false": false][$0] }
  }
}

extension ScalarFormat where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> Self {
    let expected = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return Self(expected: expected, example: "\(range.upperBound)") { text in
      guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
      return Int(text).flatMap { range.contains($0) ? $0 : nil }
    }
  }
}

extension ScalarFormat where Value: RawRepresentable & CaseIterable, Value.RawValue == String {
  /// One of the words that the enumeration lists.
  static var word: Self {
    let words = Value.allCases.map(\.rawValue)
    let expected = words.joined(separator: " or ")
    let example = words.first ?? ""
    return Self(expected: expected, example: example) { text throws(Fault) in
      guard let value = Value(rawValue: text) else {
        let meant = EditDistance.nearest(to: text, among: words).map { "Did you mean \(quoted($0))?" }
        throw Fault("expected \(expected), found \(quoted(text))", remedy: meant ?? "For example: \(example)")
      }
      return value
    }
  }
}

extension ScalarFormat where Value == String {
  /// Text for people or for exact comparison with a claim: anything on one line.
  static var text: Self { text(maximum: 2048) }

  static func text(maximum: Int) -> Self {
    Self(expected: "text", example: "\"some text\"") { text throws(Fault) in
      guard !text.isEmpty else {
        throw Fault("the value is empty", remedy: "Give a value, or leave the key out.")
      }
      guard text.unicodeScalars.allSatisfy(isPrintable) else {
        throw Fault(
          "\(quoted(text)) has a line break or an invisible character",
          remedy: "Keep visible text on one line.")
      }
      guard text.utf8.count <= maximum else {
        throw Fault("the value is longer than \(maximum) bytes", remedy: "Shorten it.")
      }
      return text
    }
  }

  /// RFC 6749 §3.3 `scope-token`; one that is clean here can stand in a challenge as it is (GW-13).
  static var scope: Self {
    Self(expected: "one scope without spaces, quotes or backslashes", example: "mcp:tools") { text in
      !text.isEmpty && CharacterClass.scopeToken.contains(all: text) ? text : nil
    }
  }
}
