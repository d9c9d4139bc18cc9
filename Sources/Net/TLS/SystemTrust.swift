import COpenSSL

/// The system's certificate authorities. Read once for the whole process: that takes tens of milliseconds and most of a
/// mebibyte, and every provider and backend without authorities of its own needs the same ones.
enum SystemTrust {
  /// Not written to once it is filled; OpenSSL locks it and counts who holds it.
  private nonisolated(unsafe) static let store: OpaquePointer? = {
    guard let store = X509_STORE_new() else { return nil }
    guard X509_STORE_set_default_paths(store) == 1 else {
      X509_STORE_free(store)
      return nil
    }
    return store
  }()

  static func install(in context: TLSContext) throws(TLSFault) {
    guard let store else {
      throw .openSSL("system store", "cannot be read", "install the system's certificate authorities")
    }
    SSL_CTX_set1_cert_store(context.raw, store)
  }
}
