/// What somebody calls himself, as a page may show it.
package enum DisplayName {
  /// Unicode scalars at the most: a character can have any number of marks.
  private static let longest = 80

  /// The name without characters that could disguise it or what stands beside it. Nobody has checked it all the same.
  ///
  /// - Returns: nil when nothing is left to see.
  package static func cleaned(_ text: String) -> String? {
    var name = String.UnicodeScalarView()
    var room = longest
    for scalar in text.unicodeScalars where isVisible(scalar) {
      guard room > 0 else { break }
      name.append(scalar)
      room -= 1
    }
    return name.allSatisfy(\.properties.isWhitespace) ? nil : String(name)
  }

  private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .surrogate, .unassigned: false
    default: true
    }
  }
}
