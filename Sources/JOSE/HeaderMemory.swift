internal import Bytes

/// The headers of recent tokens: all tokens that a provider signs with one key begin with the same bytes, which need
/// to be read once only.
package final class HeaderMemory {
  private struct Entry {
    let text: [UInt8]
    let header: JOSEHeader
  }

  private static let places = 4
  /// Longer ones are read anew.
  private static let longest = 512

  private var entries: [Entry] = []
  private var next = 0

  package init() {}

  /// - Parameter text: as it stands in the token, encoded.
  func find(_ text: ByteView) -> JOSEHeader? {
    for entry in entries {
      let isSame = entry.text.withUnsafeBytes { $0.equals(text) }
      if isSame { return entry.header }
    }
    return nil
  }

  func insert(_ text: ByteView, _ header: JOSEHeader) {
    guard text.count <= Self.longest else { return }
    let entry = Entry(text: [UInt8](text), header: header)
    if entries.count < Self.places { entries.append(entry) } else { entries[next] = entry }
    next = (next + 1) % Self.places
  }
}
