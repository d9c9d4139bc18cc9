/// How large the head of a message may be.
package struct HeadLimits: Sendable {
  /// Start line and fields with their line ends, in bytes; beyond it 431.
  package var headSize: Int
  /// The request target, in bytes; beyond it 414.
  package var targetSize: Int
  /// Number of field lines; beyond it 431.
  package var fieldCount: Int

  package init(headSize: Int = 32_768, targetSize: Int = 8_192, fieldCount: Int = 100) {
    self.headSize = headSize
    self.targetSize = targetSize
    self.fieldCount = fieldCount
  }
}
