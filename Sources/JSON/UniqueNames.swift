/// Finds the second occurrence of a member name: by looking at each for a few members, by hashing for many,
/// so that a hostile object costs no more than its length.
struct UniqueNames {
  private struct ExactName: Hashable {
    let name: String

    static func == (left: ExactName, right: ExactName) -> Bool { left.name.hasSameBytes(as: right.name) }

    func hash(into hasher: inout Hasher) {
      for byte in name.utf8 { hasher.combine(byte) }
    }
  }

  private static let few = 16
  private var seen = Set<ExactName>()

  /// - Returns: false when one of `members` has that name.
  mutating func insert(_ name: String, after members: [JSONObject.Member]) -> Bool {
    if members.count < Self.few {
      // By index: an iterator would retain each member.
      for index in members.indices where members[index].name.hasSameBytes(as: name) { return false }
      return true
    }
    if seen.isEmpty {
      for member in members { seen.insert(ExactName(name: member.name)) }
    }
    return seen.insert(ExactName(name: name)).inserted
  }
}
