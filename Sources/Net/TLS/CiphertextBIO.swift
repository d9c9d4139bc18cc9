import Bytes
import COpenSSL

/// Where OpenSSL reads and writes records: the bytes lent to a `TLSSession`, and its output. It buffers nothing.
///
/// All connections of a context share one, which is lent to the session at work: a BIO of its own would cost each
/// connection two allocations and 200 bytes.
enum CiphertextBIO {
  /// A new one; nobody's yet.
  static func make() -> OpaquePointer? {
    guard let bio = BIO_new(method) else { return nil }
    BIO_set_init(bio, 1)
    return bio
  }

  /// Made once, never changed: every BIO of the process refers to it.
  private nonisolated(unsafe) static let method: OpaquePointer? = {
    let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "portcullis")
    BIO_meth_set_read_ex(method) { bio, target, room, count in
      pc_bio_clear_retry(bio)
      guard let data = BIO_get_data(bio), let target, let count else { return 0 }
      return Unmanaged<TLSSession>.fromOpaque(data)._withUnsafeGuaranteedRef { session in
        count.pointee = session.takeInput(target, room)
        if count.pointee > 0 { return 1 }
        if session.mayContinue { pc_bio_want_read(bio) }
        return 0
      }
    }
    BIO_meth_set_write_ex(method) { bio, source, length, count in
      pc_bio_clear_retry(bio)
      guard let data = BIO_get_data(bio), let source, let count else { return 0 }
      return Unmanaged<TLSSession>.fromOpaque(data)._withUnsafeGuaranteedRef { session in
        session.output.append(UnsafeRawBufferPointer(start: source, count: length))
        count.pointee = length
        return 1
      }
    }
    BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    return method
  }()
}
