import Configuration
import Gateway

/// A configuration as it was read: its text, and what its values were taken from. Workers that are started later get
/// the same one, whatever has become of the files meanwhile.
package struct ConfigurationSource: Sendable {
  /// The name under which it was read.
  package let file: String
  package let text: String
  /// The files that it pulls in, by their paths (`${file:PATH}`).
  package let files: [String: String]

  package init(file: String, text: String, files: [String: String]) {
    self.file = file
    self.text = text
    self.files = files
  }

  /// Reads it again, from memory; environment variables are inherited.
  func load() -> LoadResult {
    let system = ConfigurationLoader(environment: ConfigurationLoader.variable) { path throws(TextFileError) in
      guard let text = files[path] else { throw TextFileError(reason: "the supervisor has not read it") }
      return text
    }
    return system.load(text: text, file: file)
  }
}

/// What a worker is told when it begins. It holds secrets: it goes over the channel, never into arguments or the
/// environment.
struct WorkerPlan {
  var source: ConfigurationSource
  /// From 1 on.
  var number: Int
  var workers: Int
  /// Begins the ids of its requests; no two workers of a supervisor have the same.
  var requests: UInt32
  var nonceKey: [UInt8]
  /// Of all listeners, for all workers.
  var ticketKeys: TicketKeyRing.Keys
  /// Where the sockets listen that it inherits, in the order of the listeners: port 0 has become another one.
  var ports: [Int]
}

extension WorkerPlan {
  var message: ControlMessage {
    let files = source.files.sorted { $0.key < $1.key }.flatMap { [Array($0.key.utf8), Array($0.value.utf8)] }
    let numbers = ([number, workers, Int(requests), files.count] + ports).map { "\($0)" }.joined(separator: " ")
    return ControlMessage(
      .begin,
      [Array(numbers.utf8), Array(source.file.utf8), Array(source.text.utf8), nonceKey] + files + ticketKeys.fields)
  }

  init?(_ message: ControlMessage) {
    let numbers = message.text(0).split(separator: " ").compactMap { Int($0) }
    guard message.kind == .begin, numbers.count >= 4, numbers[3] % 2 == 0, numbers[3] >= 0,
      message.fields.count >= 4 + numbers[3]
    else { return nil }
    var files: [String: String] = [:]
    for index in stride(from: 4, to: 4 + numbers[3], by: 2) { files[message.text(index)] = message.text(index + 1) }
    source = ConfigurationSource(file: message.text(1), text: message.text(2), files: files)
    number = numbers[0]
    workers = numbers[1]
    requests = UInt32(truncatingIfNeeded: numbers[2])
    nonceKey = message.fields[3]
    ports = Array(numbers[4...])
    ticketKeys = TicketKeyRing.Keys(fields: message.fields[(4 + numbers[3])...])
  }
}
