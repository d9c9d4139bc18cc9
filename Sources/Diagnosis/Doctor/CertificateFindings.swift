import Net

/// Judges certificates by their dates.
enum CertificateFindings {
  /// Days before the end when a certificate is called out.
  static let notice: Int64 = 14

  /// - Parameters:
  ///   - place: the URL that shows it, or the file that holds it.
  ///   - now: seconds since 1970.
  static func of(_ certificate: CertificateSummary, at place: String, now: Int64) -> Finding {
    dates(certificate.notBefore, certificate.notAfter, names: certificate.names, at: place, now: now)
  }

  static func dates(_ notBefore: Int64, _ notAfter: Int64, names: [String], at place: String, now: Int64) -> Finding {
    let end = UTCDate.text(notAfter) ?? "\(notAfter)"
    let days = (notAfter - now) / 86_400
    if notAfter <= now {
      return .problem("certificate", "\(place) has expired at \(end)", remedy: "Renew it.")
    }
    if notBefore > now {
      let start = UTCDate.text(notBefore) ?? "\(notBefore)"
      return .problem(
        "certificate", "\(place) is good from \(start) on", remedy: "Wait, or see whether the clock is right.")
    }
    guard days >= notice else {
      return .warning("certificate", "\(place) ends in \(days) days, at \(end)", remedy: "Renew it.")
    }
    return .ok("certificate", "\(place) for \(names.joined(separator: ", ")): \(days) days left")
  }
}
