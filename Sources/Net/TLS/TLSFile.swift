import Bytes
import COpenSSL
import Glibc

/// A file of certificates or keys, read whole; what it held is wiped with it.
final class TLSFile {
  let path: String
  private var bytes: [UInt8]

  /// In bytes: far above any bundle of authorities, far below what a wrong path such as a device would fill.
  private static let sizeLimit = 4 << 20

  /// Blocks: for start and reload only.
  init(_ path: String) throws(TLSFault) {
    self.path = path
    bytes = []
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.unreadable(path) }
    defer { close(descriptor) }
    var size = 0
    repeat {
      if size == bytes.count { grow() }
      let room = bytes.count - size
      let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress?.advanced(by: size), room) }
      if count < 0 {
        if errno == EINTR { continue }
        throw Self.unreadable(path)
      }
      if count == 0 { break }
      size += count
    } while size <= Self.sizeLimit
    guard size <= Self.sizeLimit else {
      throw TLSFault(file: path, what: "is larger than \(Self.sizeLimit) bytes", remedy: "check the path")
    }
    guard size > 0 else {
      throw TLSFault(file: path, what: "is empty", remedy: "check the path, and what should have written the file")
    }
    bytes.removeLast(bytes.count - size)
  }

  deinit { wipe() }

  private func grow() {
    let larger = bytes + [UInt8](repeating: 0, count: max(16_384, bytes.count))
    wipe()
    bytes = larger
  }

  private func wipe() { bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }

  private static func unreadable(_ path: String) -> TLSFault {
    TLSFault(
      file: path, what: "cannot be read: \(String(cString: strerror(errno)))",
      remedy: "check the path, and that the process may read it")
  }

  func withBytes<Result>(_ body: (ByteView) -> Result) -> Result { bytes.withUnsafeBytes { body($0) } }

  /// Calls `body` with the contents as OpenSSL's readers take them.
  func withBIO<Result>(_ body: (OpaquePointer?) -> Result) -> Result {
    bytes.withUnsafeBytes {
      let bio = BIO_new_mem_buf($0.baseAddress, Int32(truncatingIfNeeded: $0.count))
      defer { BIO_free(bio) }
      ERR_clear_error()
      return body(bio)
    }
  }
}
