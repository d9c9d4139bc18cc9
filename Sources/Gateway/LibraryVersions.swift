import JOSE
import Net
import Wire

/// The libraries this build runs with, by name, for `portcullis version`.
package enum LibraryVersions {
  package static var all: [(name: String, version: String)] {
    [("libuv", EventLibrary.version), ("openssl", CryptoLibrary.version), ("nghttp2", HTTP2Library.version)]
  }
}
