/// A place in the configuration text. Both numbers start at 1; columns count Unicode scalars.
struct SourcePosition: Equatable, Sendable {
  let line: Int
  let column: Int

  static let start = SourcePosition(line: 1, column: 1)
}
