extension ScalarFormat where Value == String {
  /// The path of a file that is opened later, by others. Absolute, so that it means the same wherever the gateway is
  /// started and wherever the configuration is copied.
  static func filePath(example: String) -> Self {
    Self(expected: "the absolute path of a file", example: example) { text throws(Fault) in
      guard text.hasPrefix("/") else {
        throw Fault(
          "\(quoted(text)) is not an absolute path",
          remedy: "Start it with \"/\", such as \(example); ${PWD} stands for the folder of your shell.")
      }
      // 4095: PATH_MAX without the terminating zero.
      guard !text.hasSuffix("/"), text.utf8.count <= 4095, text.unicodeScalars.allSatisfy(isPrintable) else {
        throw Fault("\(quoted(text)) cannot be the path of a file", remedy: "For example: \(example)")
      }
      return text
    }
  }
}
