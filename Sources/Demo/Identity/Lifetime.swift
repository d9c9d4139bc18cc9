/// How long things of the provider live, in seconds.
enum Lifetime {
  static let code: Int64 = 60
  static let accessToken: Int64 = 300
  /// From the sign-in page to the decision.
  static let transaction: Int64 = 600
  /// A browser's sign-in.
  static let session: Int64 = 8 * 3600
  /// A grant with all its refresh tokens.
  static let grant: Int64 = 8 * 3600
  static let registration: Int64 = 30 * 86400
}
