/// The members of a JSON object, in their order, each name once.
package struct JSONObject: Sendable, ExpressibleByDictionaryLiteral {
  package struct Member: Sendable, Equatable {
    package let name: String
    package var value: JSONValue

    package init(name: String, value: JSONValue) {
      self.name = name
      self.value = value
    }

    package static func == (left: Member, right: Member) -> Bool {
      left.name.hasSameBytes(as: right.name) && left.value == right.value
    }
  }

  package private(set) var members: [Member]

  /// For the parser, which has made sure that the names are unique.
  init(uniqueMembers: [Member]) { members = uniqueMembers }

  /// A later member replaces an earlier one of the same name.
  package init(_ elements: [(String, JSONValue)] = []) {
    members = []
    members.reserveCapacity(elements.count)
    for (name, value) in elements { self[name] = value }
  }

  package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }

  package var count: Int { members.count }
  package var isEmpty: Bool { members.isEmpty }

  /// The value of the member of exactly that name. Setting appends or replaces it in place; nil removes it.
  package subscript(name: String) -> JSONValue? {
    get {
      // By index: an iterator would retain each member.
      for index in members.indices where members[index].name.hasSameBytes(as: name) { return members[index].value }
      return nil
    }
    set {
      let index = members.firstIndex { $0.name.hasSameBytes(as: name) }
      switch (index, newValue) {
      case (.some(let index), .some(let value)): members[index].value = value
      case (.some(let index), .none): members.remove(at: index)
      case (.none, .some(let value)): members.append(Member(name: name, value: value))
      case (.none, .none): break
      }
    }
  }
}

extension JSONObject: Equatable {
  package static func == (left: JSONObject, right: JSONObject) -> Bool { left.members == right.members }
}
