/// Replaces `${VAR}`, `${VAR:-default}` and `${file:PATH}` inside one scalar; `$${` stands for a literal
/// `${`. The result is text and is never read as YAML again, so a value cannot add keys.
struct Interpolation {
  let environment: (String) -> String?
  let readFile: (String) throws(TextFileError) -> String
  /// The folder of the configuration file with a final slash, or empty: relative PATHs start there.
  let folder: String

  init(
    environment: @escaping (String) -> String?,
    readFile: @escaping (String) throws(TextFileError) -> String, configurationFile: String
  ) {
    self.environment = environment
    self.readFile = readFile
    folder = configurationFile.lastIndex(of: "/").map { String(configurationFile[...$0]) } ?? ""
  }

  func expand(_ text: String) throws(Fault) -> String {
    var output = String.UnicodeScalarView()
    var rest = text.unicodeScalars[...]
    while let scalar = rest.first {
      if rest.starts(with: "$${".unicodeScalars) {
        output.append(contentsOf: "${".unicodeScalars)
        rest = rest.dropFirst(3)
      } else if rest.starts(with: "${".unicodeScalars) {
        guard let end = rest.firstIndex(of: "}") else {
          throw Fault(
            "\"${\" is never closed", remedy: "Close it with \"}\", or write \"$${\" for the two characters.")
        }
        let expression = String(rest[..<end].dropFirst(2))
        output.append(contentsOf: try value(of: expression).unicodeScalars)
        rest = rest[rest.index(after: end)...]
      } else {
        output.append(scalar)
        rest = rest.dropFirst()
      }
    }
    return String(output)
  }

  private func value(of expression: String) throws(Fault) -> String {
    if expression.hasPrefix("file:") {
      return try contents(of: String(expression.dropFirst("file:".count)))
    }
    let split = expression.firstRange(of: ":-")
    let name = String(expression[..<(split?.lowerBound ?? expression.endIndex)])
    guard Self.isVariableName(name) else {
      throw Fault(
        "\(quoted("${\(expression)}")) is not an interpolation",
        remedy: "Write ${VAR}, ${VAR:-default} or ${file:PATH}; \"$${\" stands for the literal characters.")
    }
    let value = environment(name)
    if let split {
      // As in a shell, an empty variable counts as unset here.
      return value.flatMap { $0.isEmpty ? nil : $0 } ?? String(expression[split.upperBound...])
    }
    guard let value else {
      throw Fault(
        "the environment variable \(name) is not set",
        remedy: "Set \(name), or give a default: ${\(name):-default}.")
    }
    return value
  }

  private func contents(of path: String) throws(Fault) -> String {
    guard !path.isEmpty else {
      throw Fault("\"${file:}\" names no file", remedy: "Write ${file:PATH}.")
    }
    let resolved = path.hasPrefix("/") ? path : folder + path
    do {
      let text = try readFile(resolved)
      return text.last?.isNewline == true ? String(text.dropLast()) : text
    } catch {
      throw Fault(
        "the file \(quoted(resolved)) cannot be read: \(error.reason)",
        remedy:
          "Check the path and its permissions; a relative path starts at the configuration file's folder.")
    }
  }

  private static func isVariableName(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
      return false
    }
    return name.utf8.allSatisfy { CharacterClass.variableName.contains($0) }
  }
}
