import Glibc
import Testing

/// A directory for files that is gone after the test.
final class TestFiles {
  let path: String
  private var names: Set<String> = []

  init() throws {
    var template = [CChar]("/tmp/portcullis-XXXXXX".utf8CString)
    _ = try #require(mkdtemp(&template))
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    rmdir(path)
  }

  /// The path of a file that is removed with the directory.
  func place(_ name: String) -> String {
    names.insert(name)
    return "\(path)/\(name)"
  }

  /// Puts a whole file in the place of an old one, or of none.
  func put(_ name: String, _ bytes: [UInt8]) throws {
    let draft = place("\(name).draft")
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    try #require(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
    try #require(rename(draft, place(name)) == 0)
  }

  /// What a file holds; nil when there is none.
  func read(_ name: String) -> [UInt8]? {
    let descriptor = open(place(name), O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while case let count = Glibc.read(descriptor, &piece, piece.count), count > 0 { bytes += piece[..<count] }
    return bytes
  }
}
