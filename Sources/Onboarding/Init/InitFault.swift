/// Why `init` writes nothing.
package struct InitFault: Error, Equatable {
  /// The option to change, such as `--domain`.
  package let option: String
  package let message: String
  /// One or more sentences.
  package let remedy: String

  init(_ option: String, _ message: String, remedy: String) {
    self.option = option
    self.message = message
    self.remedy = remedy
  }

  init(_ option: InitOption, _ message: String, remedy: String) {
    self.init(option.rawValue, message, remedy: remedy)
  }
}
