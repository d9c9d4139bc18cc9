import Glibc

/// What is piped into a command.
enum StandardInput {
  /// Reads to the end, or so many bytes. What cannot be read ends it like an end.
  static func read(atMost limit: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 8_192)
    while bytes.count < limit {
      let count = Glibc.read(STDIN_FILENO, &piece, min(piece.count, limit - bytes.count))
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      bytes += piece[..<count]
    }
    return bytes
  }
}
