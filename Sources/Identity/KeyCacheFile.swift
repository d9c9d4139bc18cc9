import Net

/// The file in which a provider's last good keys outlive the process. One write at a time, the newest keys last.
final class KeyCacheFile {
  private let loop: Loop
  private let path: String
  private let report: (String) -> Void
  private var isWriting = false
  private var next: [UInt8]?

  /// - Parameter report: told, with the path, what is wrong with the file.
  init(_ loop: Loop, _ path: String, report: @escaping (String) -> Void) {
    self.loop = loop
    self.path = path
    self.report = report
  }

  /// Calls back with what is kept for `issuer`, if it is of any use; nothing kept yet is no failure.
  func read(issuer: String, _ completion: @escaping (KeptKeys) -> Void) {
    SmallFile.read(loop, path, limit: KeptKeys.sizeLimit) { [self] result in
      switch result {
      case .success(let bytes):
        do throws(KeptKeys.Fault) {
          completion(try KeptKeys.parse(bytes, issuer: issuer))
        } catch {
          refuse(error)
        }
      case .failure(.notFound): break
      case .failure(let failure): report("\(path): \(failure)")
      }
    }
  }

  /// What was read is of no use.
  func refuse(_ fault: KeptKeys.Fault) { report("\(path): \(fault.description)") }

  func write(_ keys: KeptKeys) {
    next = keys.serialized()
    if !isWriting { writeNext() }
  }

  private func writeNext() {
    guard let bytes = next else { return }
    next = nil
    isWriting = true
    SmallFile.replace(loop, path, with: bytes) { [self] failure in
      isWriting = false
      if let failure { report("\(path): \(failure)") }
      writeNext()
    }
  }
}
