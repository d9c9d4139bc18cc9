/// What a document may cost at most; its length is bounded by whoever received it.
package struct JSONLimits: Sendable {
  /// Arrays and objects within one another.
  package var depth: Int
  /// Values in the whole document: members, elements and the outermost one.
  package var values: Int

  package static let `default` = JSONLimits(depth: 32, values: 100_000)

  package init(depth: Int, values: Int) {
    self.depth = depth
    self.values = values
  }
}
