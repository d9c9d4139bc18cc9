/// The exit statuses of all commands.
enum ExitStatus {
  static let success: Int32 = 0
  /// The configuration has errors.
  static let failure: Int32 = 1
  /// Wrong usage, or a file that cannot be read.
  static let usage: Int32 = 2
}
