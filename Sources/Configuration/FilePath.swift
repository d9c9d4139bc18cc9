extension ScalarFormat where Value == String {
  /// The path of a file that is opened later, by others. Absolute, so that it means the same wherever the gateway is
  /// started and wherever the configuration is copied.
  static func filePath(example: String) -> Self { absolutePath(of: "a file", example: example) }

  /// The path of a folder, without a slash at its end.
  static func folderPath(example: String) -> Self { absolutePath(of: "a folder", example: example) }

  private static func absolutePath(of what: String, example: String) -> Self {
    Self(expected: "the absolute path of \(what)", example: example) { text throws(Fault) in
      guard text.hasPrefix("/") else {
        throw Fault(
          "\(quoted(text)) is not an absolute path",
          remedy: "Start it with \"/\", such as \(example); ${PWD} stands for the folder of your shell.")
      }
      // 4095: PATH_MAX without the terminating zero.
      guard !text.hasSuffix("/"), text.utf8.count <= 4095, text.unicodeScalars.allSatisfy(isPrintable) else {
        throw Fault("\(quoted(text)) cannot be the path of \(what)", remedy: "For example: \(example)")
      }
      return text
    }
  }
}
