/// `log`: what is written to standard output.
package struct LogConfiguration: Equatable, Sendable {
  package enum Level: String, CaseIterable, Sendable {
    case debug, info, warning, error
  }

  /// Events below this level are left out.
  package let level: Level
  /// Whether each request writes its line.
  package let access: Bool

  init(_ mapping: MappingReader) {
    level = mapping.value("level", .word, default: .info)
    access = mapping.value("access", .bool, default: true)
  }

  func write(to yaml: inout YAMLWriter) {
    yaml.plain("level", level.rawValue)
    yaml.plain("access", access)
  }
}
