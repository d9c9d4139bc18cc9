import Glibc

/// Why a text file could not be read.
package struct TextFileError: Error, Equatable {
  /// In words, such as "No such file or directory".
  package let reason: String

  package init(reason: String) {
    self.reason = reason
  }
}

/// Small UTF-8 files: the configuration, and the values it pulls in.
package enum TextFile {
  /// In bytes. Nothing that belongs into a configuration comes near it, and a device file must not fill
  /// memory.
  package static let sizeLimit = 1 << 20

  /// Reads the whole file. Blocks: for start and reload only.
  package static func read(_ path: String) throws(TextFileError) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw TextFileError(reason: lastError) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw TextFileError(reason: lastError) }
      guard count > 0 else { break }
      bytes += chunk[..<count]
      guard bytes.count <= sizeLimit else { throw TextFileError(reason: "larger than \(sizeLimit) bytes") }
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw TextFileError(reason: "not valid UTF-8")
    }
    return text
  }

  private static var lastError: String { String(cString: strerror(errno)) }
}
