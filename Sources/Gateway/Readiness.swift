import Identity

/// Whether the gateway can do its work: all providers have keys, be they old, and it does not stop.
final class Readiness {
  private(set) var stores: [KeyStore] = []
  var isDraining = false

  func watch(_ store: KeyStore) { stores.append(store) }

  /// What is in the way, one line for each.
  var obstacles: [String] {
    var lines = isDraining ? ["draining"] : []
    for store in stores where !store.isReady {
      let line = "no keys of \(store.issuer)"
      if !lines.contains(line) { lines.append(line) }
    }
    return lines
  }
}
