import COpenSSL

/// A certificate with its intermediates and its key, checked to belong together.
final class CertificateChain {
  let file: String
  /// The leaf first.
  let certificates: [Certificate]
  let leaf: Certificate
  let key: PrivateKey
  let names: [String]
  /// The algorithm of the key: contexts hold one certificate of each.
  let algorithm: Int32

  init(certificate path: String, key keyPath: String) throws(TLSFault) {
    file = path
    certificates = try Certificate.read(path)
    key = try PrivateKey(keyPath)
    leaf = certificates[0]
    names = leaf.names
    algorithm = EVP_PKEY_get_base_id(key.raw)
    guard leaf.matches(key) else {
      if let place = certificates.firstIndex(where: { $0.matches(key) }) {
        throw TLSFault(
          file: path, what: "the key belongs to certificate number \(place + 1), not to the first",
          remedy: "put the certificate of the server first, then its issuer, and so on")
      }
      throw TLSFault(
        file: keyPath, what: "the key does not belong to the certificate in \(path)",
        remedy: "give the key that the certificate was requested with")
    }
    for place in certificates.indices.dropFirst()
    where !certificates[place - 1].isIssued(by: certificates[place]) {
      throw TLSFault(
        file: path, what: "certificate number \(place + 1) did not issue the one before it",
        remedy: "order them: the server's first, each followed by its issuer; leave out what is not of the chain")
    }
  }

  /// Adds it to a context, beside certificates for other algorithms.
  func install(in context: TLSContext) throws(TLSFault) {
    ERR_clear_error()
    var isTaken =
      SSL_CTX_use_certificate(context.raw, leaf.raw) == 1 && SSL_CTX_use_PrivateKey(context.raw, key.raw) == 1
    for issuer in certificates.dropFirst() where isTaken {
      isTaken = pc_ctx_add_chain_certificate(context.raw, issuer.raw) == 1
    }
    guard isTaken else {
      throw .openSSL(file, "cannot be used for TLS", "request a certificate with a current key and signature")
    }
  }

  func summary(staple: OCSPStaple?) -> CertificateSummary {
    CertificateSummary(file: file, leaf, ocspNextUpdate: staple?.nextUpdate)
  }
}
