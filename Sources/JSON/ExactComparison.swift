extension String {
  /// Whether both strings are the same sequence of code points (the "simple string comparison" of RFC 3986
  /// §6.2.1).
  ///
  /// Swift's `==` also accepts canonically equivalent spellings, which must never decide about an identifier.
  /// It is asked first all the same: it tells different strings apart without touching reference counts.
  package func hasSameBytes(as other: String) -> Bool {
    utf8.count == other.utf8.count && self == other && utf8.elementsEqual(other.utf8)
  }
}
