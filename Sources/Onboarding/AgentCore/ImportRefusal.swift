/// Why an import ends without a configuration.
package struct ImportRefusal: Error, Equatable {
  package let remark: Remark
  /// What was found before, for completeness.
  package var others: [Remark] = []
  /// The input itself cannot be read, as opposed to what it asks for.
  package let isUnreadable: Bool

  init(at place: String, _ message: String, remedy: String, isUnreadable: Bool = false) {
    remark = Remark(.access, at: place, message, remedy: remedy)
    self.isUnreadable = isUnreadable
  }
}
