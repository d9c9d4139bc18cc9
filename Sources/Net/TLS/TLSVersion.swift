import COpenSSL

/// Versions of TLS that are spoken; RFC 9325 forbids the older ones.
package enum TLSVersion: Sendable {
  case v12, v13

  var number: Int32 { self == .v12 ? TLS1_2_VERSION : TLS1_3_VERSION }
}
