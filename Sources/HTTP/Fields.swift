package import Bytes
import Glibc

/// The header or trailer fields of one message: one block of text and a table of slots into it.
///
/// A parser loads the text once and registers slots; stages remove fields by marking their slot and add fields at
/// the end of the text. Nothing is moved or allocated for a message once the object has grown to its usual size.
package final class Fields {
  package struct Slot {
    var nameOffset: UInt32
    var valueOffset: UInt32
    var valueLength: UInt32
    var nameLength: UInt16
    var name: FieldName
  }

  var text: UnsafeMutableRawPointer
  var textCapacity: Int
  var textLength = 0
  var slots: UnsafeMutablePointer<Slot>
  var slotCapacity: Int
  /// Slots in use, removed ones included.
  package private(set) var count = 0

  /// - Parameter capacity: bytes of text to begin with.
  package init(capacity: Int = 2048) {
    textCapacity = capacity
    text = .allocate(byteCount: capacity, alignment: 16)
    slotCapacity = 24
    slots = .allocate(capacity: slotCapacity)
  }

  deinit {
    text.deallocate()
    slots.deallocate()
  }

  package func clear() {
    textLength = 0
    count = 0
  }

  // MARK: Reading

  package func name(_ index: Int) -> FieldName { slots[index].name }

  package func spelling(_ index: Int) -> ByteView {
    ByteView(start: text + Int(slots[index].nameOffset), count: Int(slots[index].nameLength))
  }

  package func value(_ index: Int) -> ByteView {
    ByteView(start: text + Int(slots[index].valueOffset), count: Int(slots[index].valueLength))
  }

  /// Where the value stands in the text.
  package func valueStretch(_ index: Int) -> (offset: Int, length: Int) {
    (Int(slots[index].valueOffset), Int(slots[index].valueLength))
  }

  /// The index of the first field of that name.
  package func firstIndex(of name: FieldName, from start: Int = 0) -> Int? {
    var index = start
    while index < count {
      if slots[index].name == name { return index }
      index &+= 1
    }
    return nil
  }

  package func first(_ name: FieldName) -> ByteView? { firstIndex(of: name).map { value($0) } }

  /// The first field with this lower-case name that has no `FieldName` of its own.
  package func first(other name: StaticString) -> ByteView? {
    for index in 0..<count where slots[index].name == .other && spelling(index).equalsIgnoringCase(name) {
      return value(index)
    }
    return nil
  }

  /// Whether no field is left.
  package var isEmpty: Bool {
    for index in 0..<count where slots[index].name != .removed { return false }
    return true
  }

  package func occurrences(of name: FieldName) -> Int {
    var total = 0
    for index in 0..<count where slots[index].name == name { total += 1 }
    return total
  }

  // MARK: Changing

  package func remove(_ index: Int) { slots[index].name = .removed }

  package func removeAll(_ name: FieldName) {
    for index in 0..<count where slots[index].name == name { slots[index].name = .removed }
  }

  package func append(_ name: ByteView, _ value: ByteView) {
    let nameOffset = store(name)
    let valueOffset = store(value)
    register(FieldName(name), nameOffset, name.count, valueOffset, value.count)
  }

  package func append(_ name: StaticString, _ value: ByteView) {
    append(ByteView(start: name.utf8Start, count: name.utf8CodeUnitCount), value)
  }

  package func append(_ name: StaticString, _ value: StaticString) {
    append(name, ByteView(start: value.utf8Start, count: value.utf8CodeUnitCount))
  }

  package func append(_ name: StaticString, text value: String) {
    var value = value
    value.withUTF8 { append(name, ByteView($0)) }
  }

  /// Adds a field whose name is known already.
  package func append(_ known: FieldName, _ name: StaticString, _ value: ByteView) {
    let length = name.utf8CodeUnitCount
    let nameOffset = store(ByteView(start: name.utf8Start, count: length))
    register(known, nameOffset, length, store(value), value.count)
  }

  // MARK: For parsers and for heads that share the text

  /// Copies `bytes` to the end of the text and returns their offset.
  @discardableResult
  package func store(_ bytes: ByteView) -> Int {
    let offset = textLength
    let outgrown = reserveText(bytes.count)
    if let start = bytes.baseAddress { (text + offset).copyMemory(from: start, byteCount: bytes.count) }
    // Only now: the bytes may be a stretch of this very text.
    outgrown?.deallocate()
    textLength &+= bytes.count
    return offset
  }

  /// A stretch of the text.
  package func text(_ offset: Int, _ length: Int) -> ByteView {
    ByteView(start: text + offset, count: length)
  }

  /// Adds a slot for text that is already stored. Offsets and lengths are within the text.
  package func register(
    _ name: FieldName, _ nameOffset: Int, _ nameLength: Int, _ valueOffset: Int, _ valueLength: Int
  ) {
    if count == slotCapacity { growSlots() }
    slots[count] = Slot(
      nameOffset: UInt32(truncatingIfNeeded: nameOffset),
      valueOffset: UInt32(truncatingIfNeeded: valueOffset),
      valueLength: UInt32(truncatingIfNeeded: valueLength),
      nameLength: UInt16(truncatingIfNeeded: nameLength),
      name: name)
    count &+= 1
  }

  /// - Returns: the block that has become too small, to be deallocated.
  private func reserveText(_ extra: Int) -> UnsafeMutableRawPointer? {
    guard textCapacity - textLength < extra else { return nil }
    let capacity = max(textCapacity * 2, textLength + extra)
    let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    grown.copyMemory(from: text, byteCount: textLength)
    defer { text = grown }
    textCapacity = capacity
    return text
  }

  private func growSlots() {
    let grown = UnsafeMutablePointer<Slot>.allocate(capacity: slotCapacity * 2)
    grown.update(from: slots, count: count)
    slots.deallocate()
    slots = grown
    slotCapacity *= 2
  }
}
