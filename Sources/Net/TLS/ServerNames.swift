import Bytes

/// Which certificates are for which server name (RFC 6066 §3, RFC 9525 §6.3).
///
/// A wildcard stands for one whole label. An exact name comes before a wildcard. Of the certificates for a name the
/// first of each algorithm counts: they are offered side by side, and the client's abilities choose.
struct ServerNames<Value> {
  private var exact: [String: Value] = [:]
  /// By what follows `*.`.
  private var wildcard: [String: Value] = [:]
  /// For clients that name nothing, or nothing known.
  let fallback: Value

  private init(exact: [String: Value], wildcard: [String: Value], fallback: Value) {
    self.exact = exact
    self.wildcard = wildcard
    self.fallback = fallback
  }

  func find(_ name: ByteView) -> Value? {
    // Ends with the root's dot in no handshake (RFC 6066 §3), but some clients send it.
    let length = name.last == ASCII.dot ? name.count - 1 : name.count
    let lower = String(decoding: name.prefix(length).map(ASCII.lowercased), as: UTF8.self)
    if let found = exact[lower] { return found }
    guard !wildcard.isEmpty, let dot = lower.firstIndex(of: "."), dot != lower.startIndex else { return nil }
    return wildcard[String(lower[lower.index(after: dot)...])]
  }
}

extension ServerNames where Value == [Int] {
  /// - Parameter certificates: the names of each and its algorithm; the first is the default. At least one.
  init(_ certificates: [(names: [String], algorithm: Int32)]) {
    var exact: [String: [Int]] = [:]
    var wildcard: [String: [Int]] = [:]
    func add(_ place: Int, to list: inout [Int]) {
      if !list.contains(where: { certificates[$0].algorithm == certificates[place].algorithm }) { list.append(place) }
    }
    var fallback = [0]
    for (place, certificate) in certificates.enumerated() {
      for name in certificate.names {
        if name.hasPrefix("*.") {
          add(place, to: &wildcard[String(name.dropFirst(2)), default: []])
        } else {
          add(place, to: &exact[name, default: []])
        }
      }
      if certificate.names.sorted() == certificates[0].names.sorted() { add(place, to: &fallback) }
    }
    self.init(exact: exact, wildcard: wildcard, fallback: fallback)
  }

  /// Makes one value for each set of certificates.
  func map<Result>(_ make: ([Int]) throws(TLSFault) -> Result) throws(TLSFault) -> ServerNames<Result> {
    var made: [[Int]: Result] = [:]
    func value(_ places: [Int]) throws(TLSFault) -> Result {
      if let found = made[places] { return found }
      let new = try make(places)
      made[places] = new
      return new
    }
    let first = try value(fallback)
    var exactly: [String: Result] = [:]
    for (name, places) in exact { exactly[name] = try value(places) }
    var wild: [String: Result] = [:]
    for (name, places) in wildcard { wild[name] = try value(places) }
    return ServerNames<Result>(exact: exactly, wildcard: wild, fallback: first)
  }
}
