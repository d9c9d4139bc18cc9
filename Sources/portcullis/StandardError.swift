import Glibc

/// Messages for people; standard output is left to results.
enum StandardError {
  /// Writes `message` and a line break.
  static func write(_ message: String) {
    var rest = Array("\(message)\n".utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDERR_FILENO, $0.baseAddress, $0.count) }
      if count < 0 && errno != EINTR { return }
      rest = rest.dropFirst(max(0, count))
    }
  }
}
