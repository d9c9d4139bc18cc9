import Configuration
import JSON

/// Reads a JSON object member by member and remembers which were asked for: what nobody asked for, or has another
/// type than expected, becomes a remark. So nothing of the input is lost in silence.
struct MemberReader {
  /// Where the object stands: the file, and the path in it.
  let place: String
  let log: RemarkLog
  /// How much it matters when a member cannot be understood.
  let weight: Remark.Weight
  private let object: JSONObject
  private let asked: Asked

  /// Copies of a reader share what was asked for.
  private final class Asked {
    var indices: Set<Int> = []
  }

  init(_ object: JSONObject, at place: String, _ weight: Remark.Weight, _ log: RemarkLog) {
    self.init(object, Asked(), at: place, weight, log)
  }

  private init(_ object: JSONObject, _ asked: Asked, at place: String, _ weight: Remark.Weight, _ log: RemarkLog) {
    self.object = object
    self.asked = asked
    self.place = place
    self.weight = weight
    self.log = log
  }

  /// The same object, whose other members weigh differently.
  func weighing(_ weight: Remark.Weight) -> MemberReader { MemberReader(object, asked, at: place, weight, log) }

  func place(of name: String) -> String { place.hasSuffix(":") ? "\(place) \(name)" : "\(place).\(name)" }

  /// Whether there is such a member with a value; null counts as absent.
  func has(_ name: String) -> Bool { object[name].map { !$0.isNull } ?? false }

  /// Remarks about a member that is there; asks for it.
  func remark(_ name: String, _ weight: Remark.Weight, _ message: String, remedy: String) {
    guard value(name) != nil else { return }
    log.add(weight, at: place(of: name), message, remedy: remedy)
  }

  func string(_ name: String) -> String? { value(name, "a string") { $0.stringValue } }

  func bool(_ name: String) -> Bool? { value(name, "true or false") { $0.boolValue } }

  func strings(_ name: String) -> [String] { value(name, "a list of strings") { $0.stringsValue } ?? [] }

  /// The members of an object whose values are strings, in their order.
  func dictionary(_ name: String) -> [(name: String, value: String)] {
    let entries = value(name, "an object of strings") { value -> [(name: String, value: String)]? in
      guard let members = value.objectValue?.members else { return nil }
      let strings = members.compactMap { member in member.value.stringValue.map { (member.name, $0) } }
      return strings.count == members.count ? strings : nil
    }
    return entries ?? []
  }

  func object(_ name: String, _ weight: Remark.Weight? = nil) -> MemberReader? {
    value(name, "an object") { $0.objectValue }
      .map { MemberReader($0, at: place(of: name), weight ?? self.weight, log) }
  }

  func objects(_ name: String) -> [MemberReader] {
    let elements = value(name, "a list of objects") { value -> [JSONObject]? in
      guard let elements = value.arrayValue else { return nil }
      let objects = elements.compactMap(\.objectValue)
      return objects.count == elements.count ? objects : nil
    }
    return (elements ?? []).enumerated().map { index, object in
      MemberReader(object, at: "\(place(of: name))[\(index)]", weight, log)
    }
  }

  /// Asks for members that only describe the resource at AWS. Returns the names of those that are there.
  func facts(_ names: [String]) -> [String] { names.filter { value($0) != nil } }

  /// Remarks about every member that nobody asked for.
  func finish() {
    for (index, member) in object.members.enumerated() where !asked.indices.contains(index) && !member.value.isNull {
      log.add(
        weight, at: place(of: member.name), "this member is not known here, so it was not carried over",
        remedy: weight == .access
          ? "Find out what it restricts, and add that to the configuration by hand before it goes into use."
          : "Find out what it does; when you need it, add it by hand.")
    }
  }

  private func value(_ name: String) -> JSONValue? {
    guard let index = object.members.firstIndex(where: { $0.name.hasSameBytes(as: name) }) else { return nil }
    asked.indices.insert(index)
    let value = object.members[index].value
    return value.isNull ? nil : value
  }

  private func value<Result>(_ name: String, _ expected: String, _ read: (JSONValue) -> Result?) -> Result? {
    guard let value = value(name) else { return nil }
    if let result = read(value) { return result }
    let text = String(decoding: value.serialized(), as: UTF8.self)
    log.add(
      weight, at: place(of: name), "expected \(expected), found \(quoted(text)), so it was not carried over",
      remedy: "Correct the file, or add what was meant by hand.")
    return nil
  }
}
