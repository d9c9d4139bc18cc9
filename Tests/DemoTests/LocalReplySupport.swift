@testable import Demo
import JSON
import Web

extension LocalReply {
  func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  func field(_ name: String) -> String? { all(name).first }

  var bytes: [UInt8] {
    if case .bytes(let bytes) = content { bytes } else { [] }
  }

  var text: String { String(decoding: bytes, as: UTF8.self) }

  var json: JSONValue { (try? JSONValue.parse(bytes)) ?? .null }

  var events: [TimedEvent] {
    if case .events(let events, _) = content { events } else { [] }
  }

  var staysOpen: Bool {
    if case .events(_, let holdOpen) = content { holdOpen } else { false }
  }

  /// The JSON-RPC messages of an event stream.
  var messages: [JSONValue] {
    events.compactMap { event in
      let lines = String(decoding: event.bytes, as: UTF8.self).split(separator: "\n")
      guard let data = lines.first(where: { $0.hasPrefix("data: ") }) else { return nil }
      return try? JSONValue.parse(Array(data.dropFirst(6).utf8))
    }
  }

  /// The parameters that a redirect carries.
  var redirected: [String: String] {
    guard status == 303, let location = field("location"), let mark = location.firstIndex(of: "?") else {
      return [:]
    }
    let form = FormParameters(location[location.index(after: mark)...].utf8)
    var parameters = [String: String]()
    for name in ["code", "state", "iss", "error", "error_description", "tab"] {
      parameters[name] = form?[name]
    }
    return parameters
  }

  /// The hidden inputs of a page.
  var hiddenFields: [String: String] {
    var fields = [String: String]()
    for input in text.split(separator: "<input type=\"hidden\" name=\"").dropFirst() {
      let parts = input.split(separator: "\"", maxSplits: 3)
      fields[String(parts[0])] = String(parts[2])
    }
    return fields
  }
}
