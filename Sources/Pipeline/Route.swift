/// A path of the gateway and what happens to requests for it.
package final class Route {
  /// For logs.
  package let name: [UInt8]
  /// Host, and port when it is not the scheme's own, that clients address; nil for any.
  package let authority: String?
  /// The path it begins with.
  package let path: String
  /// Whether paths below `path` belong to it, too.
  package let isPrefix: Bool
  package let requestPath: RequestPath

  package init(name: String, authority: String?, path: String, isPrefix: Bool, _ requestPath: RequestPath) {
    self.name = [UInt8](name.utf8)
    self.authority = authority
    self.path = path
    self.isPrefix = isPrefix
    self.requestPath = requestPath
  }
}
