/// Paths of UNIX-domain sockets.
enum SocketPath {
  /// In bytes: `sun_path` has room for 108 with its terminating zero.
  static let lengthLimit = 107

  static func isValid(_ path: String) -> Bool {
    path.hasPrefix("/") && path.utf8.count <= lengthLimit && path.unicodeScalars.allSatisfy(isPrintable)
  }
}

extension ScalarFormat where Value == String {
  static var socketPath: Self {
    Self(
      expected: "the absolute path of a socket, at most \(SocketPath.lengthLimit) bytes",
      example: "/run/mcp.sock"
    ) { SocketPath.isValid($0) ? $0 : nil }
  }
}
