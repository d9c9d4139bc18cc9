import Configuration
import JOSE
import Net
import Telemetry

/// Keeps the sealing keys of the bridges current: reads their files again when they change or when told to. What cannot
/// be read leaves the old keys in use.
final class SealingKeyKeeper {
  private let loop: Loop
  private let log: Log
  private var kept: [String: SealingKeys] = [:]
  private var watchers: [FileWatcher] = []
  private var reading: Deadline?

  /// Milliseconds to wait for further changes: replicas write such files in more than one step.
  private static let settling: UInt64 = 200

  init(_ loop: Loop, _ log: Log) {
    self.loop = loop
    self.log = log
  }

  deinit {
    for watcher in watchers { watcher.stop() }
    reading?.invalidate()
  }

  /// The keys that a configuration names; bridges that name the same file share them.
  func keys(_ configuration: SealingKeysConfiguration) throws(StartFailure) -> SealingKeys {
    switch configuration {
    case .keys(let keys):
      var ring: [SealingKey] = []
      for key in keys {
        do throws(SealingKeyFault) { ring.append(try SealingKey(id: key.id, digits: key.key.value)) } catch {
          throw .unusableSealingKeys(place: "sealing_keys, \(key.id)", reason: error.what)
        }
      }
      return try Self.ring(ring)
    case .file(let path):
      if let known = kept[path] { return known }
      let keys = try Self.ring(try Self.read(path))
      kept[path] = keys
      watchers.append(FileWatcher(loop, path) { [unowned self] in changed() })
      return keys
    }
  }

  /// Reads all files again.
  func readAgain() {
    for (path, keys) in kept.sorted(by: { $0.key < $1.key }) {
      do {
        let read = try Self.read(path)
        try keys.replace(by: read)
        log.event(.info, "sealing_keys_read") { line in
          line.member("file", text: path)
          line.member("keys", text: read.map(\.id).joined(separator: " "))
        }
      } catch {
        log.event(.error, "sealing_keys_kept") { line in
          line.member("file", text: path)
          line.member("detail", text: "\(error)")
        }
      }
    }
  }

  private func changed() {
    let deadline = reading ?? Deadline(loop.deadlines) { [unowned self] in readAgain() }
    reading = deadline
    deadline.set(in: Self.settling)
  }

  private static func ring(_ keys: [SealingKey]) throws(StartFailure) -> SealingKeys {
    do throws(CryptoFailure) { return try SealingKeys(keys) } catch { throw .cryptography(error.description) }
  }

  /// The keys in a file.
  static func read(_ path: String) throws(StartFailure) -> [SealingKey] {
    let text: String
    do throws(TextFileError) { text = try TextFile.read(path) } catch {
      throw .unusableSealingKeys(place: path, reason: "cannot be read: \(error.reason)")
    }
    do throws(SealingKeyFault) { return try SealingKeys.parse(text) } catch {
      throw .unusableSealingKeys(place: path, reason: error.description)
    }
  }
}
