/// Where the keys are that seal what clients and browsers keep for a bridge. The first one seals, all of them open.
package enum SealingKeysConfiguration: Equatable, Sendable {
  /// The path of a file with a key on each line, read again when it changes.
  case file(String)
  /// `sealing_keys`; never empty, and no two have the same `id`.
  case keys([SealingKeyConfiguration])

  init?(_ mapping: MappingReader) {
    let file = mapping.value("sealing_keys_file", .filePath(example: "/etc/portcullis/bridge.keys"))
    let keys = SealingKeyConfiguration.list(mapping)
    switch (mapping.contains("sealing_keys_file"), mapping.contains("sealing_keys")) {
    case (true, false):
      guard let file else { return nil }
      self = .file(file)
    case (false, true):
      guard let keys else { return nil }
      self = .keys(keys)
    case (false, false):
      mapping.failMissing(
        "sealing_keys_file",
        remedy: "Write a file by: echo \"$(date +%F) $(openssl rand -hex 32)\", and give its path; or add sealing_keys."
      )
      return nil
    case (true, true):
      mapping.report(
        Fault(
          "sealing_keys_file says already where the keys are",
          remedy: "Keep one of sealing_keys_file and sealing_keys."),
        at: "sealing_keys")
      return nil
    }
  }

  func write(to yaml: inout YAMLWriter) {
    switch self {
    case .file(let path): yaml.string("sealing_keys_file", path)
    case .keys(let keys): yaml.sections("sealing_keys", keys) { $1.write(to: &$0) }
    }
  }
}

/// An entry of `sealing_keys`.
package struct SealingKeyConfiguration: Equatable, Sendable {
  /// Readable in everything that the key has sealed.
  package let id: String
  /// 64 hexadecimal digits.
  package let key: Secret

  /// Keys at the most: each that is tried costs time.
  private static let limit = 16

  /// Nil when the list is absent, or when one of them is faulty.
  static func list(_ mapping: MappingReader) -> [Self]? {
    var seen: Set<String> = []
    return mapping.sound {
      let keys = mapping.sections("sealing_keys") { mapping -> Self? in
        guard let key = Self(mapping) else { return nil }
        if !seen.insert(key.id).inserted {
          mapping.report(
            Fault("\(quoted(key.id)) is the id of a key above", remedy: "Give each key an id of its own."), at: "id")
        }
        return key
      }
      if let keys, keys.count > limit {
        mapping.report(
          Fault("there are more than \(limit) keys", remedy: "Leave out keys whose seals have all expired."),
          at: "sealing_keys")
      }
      return keys
    } ?? nil
  }

  private init?(_ mapping: MappingReader) {
    let id = mapping.required("id", .sealingKeyID)
    let key = mapping.secret("key")
    if !mapping.contains("key") { mapping.failMissing("key", remedy: Self.remedy) }
    guard let id, let key else { return nil }
    self.id = id
    self.key = key
    check(mapping)
  }

  private static let remedy = "Make one by: openssl rand -hex 32"

  /// What is wrong is said without the text, which is a secret even so.
  private func check(_ mapping: MappingReader) {
    guard key.finding?.severity != .error else { return }
    let digits = Array(key.value.utf8)
    if digits.count != 64 || !key.value.allSatisfy({ $0.isASCII && $0.isHexDigit }) {
      mapping.report(
        Fault("the key is not 64 hexadecimal digits, which are 32 bytes", remedy: Self.remedy), at: "key")
    } else if stride(from: 2, to: 64, by: 2).allSatisfy({ digits[$0...($0 + 1)] == digits[0...1] }) {
      mapping.report(Fault("the key is one byte over and over", remedy: Self.remedy), at: "key")
    }
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.string("id", id)
    yaml.secret("key", key)
  }
}

extension ScalarFormat where Value == String {
  static var sealingKeyID: Self {
    Self(expected: "1 to 32 letters, digits and ._-", example: "\"2026-11\"") { text in
      (1...32).contains(text.utf8.count) && !text.contains("/") && CharacterClass.routeName.contains(all: text)
        ? text : nil
    }
  }
}
