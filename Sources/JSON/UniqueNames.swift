/// Finds the second occurrence of a member name: by looking at each for a few members, by hashing for many, and where
/// names are written with escapes, so that a hostile object costs no more than its length.
struct UniqueNames {
  private static let few = 16

  private var count = 0
  /// A bit for each name there was, by its length, its first and its last byte: a name whose bit is new is new.
  private var bits: UInt64 = 0
  private var seen = Set<[UInt8]>()

  /// - Parameters:
  ///   - name: number of the node of a name.
  ///   - object: number of the node of the object that it is in.
  /// - Returns: false when a member before has that name.
  @inline(__always)
  mutating func insert(_ name: Int, of object: Int, _ nodes: [JSONNode], _ text: UnsafeRawBufferPointer) -> Bool {
    defer { count &+= 1 }
    guard count < Self.few, seen.isEmpty, nodes[name].kind == .string else {
      return insertIntoSet(name, of: object, nodes, text)
    }
    let bit = Self.bit(nodes[name], text)
    let isNew = bits & bit == 0
    bits |= bit
    return isNew || !Self.stands(name, in: object, nodes, text)
  }

  @inline(never)
  private static func stands(
    _ name: Int, in object: Int, _ nodes: [JSONNode], _ text: UnsafeRawBufferPointer
  ) -> Bool {
    let content = text.content(nodes[name])
    var other = object &+ 1
    while other < name {
      if text.string(nodes[other], equals: content) { return true }
      other = Int(nodes[other &+ 1].next)
    }
    return false
  }

  @inline(never)
  private mutating func insertIntoSet(
    _ name: Int, of object: Int, _ nodes: [JSONNode], _ text: UnsafeRawBufferPointer
  ) -> Bool {
    if seen.isEmpty {
      var other = object &+ 1
      while other < name {
        seen.insert(text.withString(nodes[other]) { [UInt8]($0) })
        other = Int(nodes[other &+ 1].next)
      }
    }
    return seen.insert(text.withString(nodes[name]) { [UInt8]($0) }).inserted
  }

  private static func bit(_ node: JSONNode, _ text: UnsafeRawBufferPointer) -> UInt64 {
    let name = text.content(node)
    guard let first = name.first, let last = name.last else { return 1 }
    return 1 &<< (UInt64(first) &* 5 ^ UInt64(last) &* 11 ^ UInt64(name.count) &* 17)
  }
}
