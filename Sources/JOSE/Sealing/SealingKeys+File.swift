internal import Bytes

extension SealingKeys {
  /// Reads the text of a key file: a key a line, its id and 64 hexadecimal digits, the first one seals. Empty lines and
  /// those that begin with `#` do not count.
  package static func parse(_ text: String) throws(SealingKeyFault) -> [SealingKey] {
    var keys: [SealingKey] = []
    var places: [Int] = []
    let lines = text.utf8.split(separator: ASCII.lf, omittingEmptySubsequences: false)
    for (number, line) in zip(1..., lines) {
      let words = line.split { $0 == ASCII.space || $0 == ASCII.tab || $0 == ASCII.cr }
      guard let first = words.first, first.first != UInt8(ascii: "#") else { continue }
      guard words.count == 2 else { throw SealingKeyFault(.notTwoWords, line: number) }
      let key = try key(String(decoding: first, as: UTF8.self), String(decoding: words[1], as: UTF8.self), number)
      if let other = keys.firstIndex(where: { $0.id == key.id }) {
        throw SealingKeyFault(.repeatedID(line: places[other]), line: number)
      }
      guard keys.count < limit else { throw SealingKeyFault(.tooManyKeys, line: number) }
      keys.append(key)
      places.append(number)
    }
    guard !keys.isEmpty else { throw SealingKeyFault(.noKey) }
    return keys
  }

  private static func key(_ id: String, _ digits: String, _ line: Int) throws(SealingKeyFault) -> SealingKey {
    do throws(SealingKeyFault) {
      return try SealingKey(id: id, digits: digits)
    } catch {
      throw SealingKeyFault(error.kind, line: line)
    }
  }
}
