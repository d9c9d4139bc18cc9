import Glibc

/// A file that is made, and that replaces another one only when that is wanted.
enum NewFile {
  struct Failure: Error {
    /// In words, such as "File exists".
    let reason: String
    let exists: Bool

    fileprivate static var last: Failure {
      Failure(reason: String(cString: strerror(errno)), exists: errno == EEXIST)
    }
  }

  static func write(_ text: String, to path: String, replacing: Bool) throws(Failure) {
    let how = replacing ? O_TRUNC : O_EXCL
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | how, 0o644)
    guard descriptor >= 0 else { throw .last }
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else {
        let failure = Failure.last
        close(descriptor)
        throw failure
      }
      rest = rest.dropFirst(count)
    }
    // Some file systems report only here that there was no room.
    guard close(descriptor) == 0 else { throw .last }
  }
}
