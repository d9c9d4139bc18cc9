import JSON
import Web

@testable import Bridge

extension LocalReply {
  func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }

  func field(_ name: String) -> String? { all(name).first }

  var text: String {
    if case .bytes(let bytes) = content { String(decoding: bytes, as: UTF8.self) } else { "" }
  }

  /// Where the browser is sent, without the query; nil for a page.
  var target: String? {
    guard status == 303 else { return nil }
    return field("location").map { String($0.prefix { $0 != "?" }) }
  }

  /// A parameter of where the browser is sent.
  func redirected(_ name: String) -> String? {
    guard status == 303, let location = field("location") else { return nil }
    return FormParameters(location.drop { $0 != "?" }.dropFirst().utf8)?[name]
  }

  /// A hidden input of a page.
  func hidden(_ name: String) -> String? {
    let start = "<input type=\"hidden\" name=\"\(name)\" value=\""
    guard let found = text.firstRange(of: start) else { return nil }
    return String(text[found.upperBound...].prefix { $0 != "\"" })
  }

  var why: String? { reason.map { "\($0)" } }
}
