public import Bytes
import Glibc

/// The header or trailer fields of one message: one block of text and a table of slots into it.
///
/// A parser loads the text once and registers slots; stages remove fields by marking their slot and add fields at
/// the end of the text, as lines: what stays in a head is copied to the backend in long stretches. Nothing is moved or
/// allocated for a message once the object has grown to its usual size, unless it is told to let go of its memory.
public final class Fields {
  /// Where a field stands in the text, and which one it is.
  public struct Slot {
    @usableFromInline var nameOffset: UInt32
    @usableFromInline var valueOffset: UInt32
    @usableFromInline var valueLength: UInt32
    @usableFromInline var nameLength: UInt16
    @usableFromInline var name: FieldName

    @inlinable
    init(_ name: FieldName, _ nameOffset: Int, _ nameLength: Int, _ valueOffset: Int, _ valueLength: Int) {
      self.nameOffset = UInt32(truncatingIfNeeded: nameOffset)
      self.valueOffset = UInt32(truncatingIfNeeded: valueOffset)
      self.valueLength = UInt32(truncatingIfNeeded: valueLength)
      self.nameLength = UInt16(truncatingIfNeeded: nameLength)
      self.name = name
    }
  }

  @usableFromInline var text: UnsafeMutableRawPointer
  @usableFromInline var textCapacity: Int
  @usableFromInline var textLength = 0
  /// While `slotCapacity` is 0 no memory of its own.
  @usableFromInline var slots: UnsafeMutablePointer<Slot>
  @usableFromInline var slotCapacity: Int
  /// What is allocated at once after everything was let go of.
  private let usualCapacity: Int
  private static let usualSlots = 24
  /// Slots in use, removed ones included.
  @inlinable
  public var count: Int { slotCount }
  @usableFromInline var slotCount = 0
  /// A bit for each name that was registered, and for each that was registered twice: most names that are asked for
  /// are not there.
  @usableFromInline var seen: UInt64 = 0
  @usableFromInline var repeated: UInt64 = 0

  /// - Parameter capacity: bytes of text to begin with.
  public init(capacity: Int = 2048) {
    usualCapacity = capacity
    textCapacity = capacity
    text = .allocate(byteCount: capacity, alignment: 16)
    slotCapacity = Self.usualSlots
    slots = .allocate(capacity: slotCapacity)
  }

  deinit {
    text.deallocate()
    releaseSlots()
  }

  /// Forgets all fields, and keeps the memory.
  public func clear() {
    textLength = 0
    slotCount = 0
    seen = 0
    repeated = 0
  }

  /// Forgets all fields and all text but for the first `length` bytes, and lets go of the memory.
  public func shed(keeping length: Int) {
    let length = min(length, textLength)
    let kept = UnsafeMutableRawPointer.allocate(byteCount: max(length, 1), alignment: 16)
    kept.copyMemory(from: text, byteCount: length)
    text.deallocate()
    releaseSlots()
    text = kept
    textCapacity = length
    slots = kept.assumingMemoryBound(to: Slot.self)
    slotCapacity = 0
    clear()
    textLength = length
  }

  private func releaseSlots() { if slotCapacity > 0 { slots.deallocate() } }

  // MARK: Reading

  /// Which field stands in a slot.
  @inlinable
  public func name(_ index: Int) -> FieldName { slots[index].name }

  /// The name as it is spelled; lent until the fields change.
  @inlinable
  public func spelling(_ index: Int) -> ByteView {
    ByteView(start: text + Int(slots[index].nameOffset), count: Int(slots[index].nameLength))
  }

  /// The value without the white space around it; lent until the fields change.
  @inlinable
  public func value(_ index: Int) -> ByteView {
    ByteView(start: text + Int(slots[index].valueOffset), count: Int(slots[index].valueLength))
  }

  /// Where the value stands in the text.
  @inlinable
  public func valueStretch(_ index: Int) -> (offset: Int, length: Int) {
    (Int(slots[index].valueOffset), Int(slots[index].valueLength))
  }

  /// The index of the first field of that name.
  @inlinable
  public func firstIndex(of name: FieldName, from start: Int = 0) -> Int? {
    guard (start == 0 ? seen : repeated) & name.bit != 0 else { return nil }
    var index = start
    while index < count {
      if slots[index].name == name { return index }
      index &+= 1
    }
    return nil
  }

  /// The value of the first field of that name.
  @inlinable
  public func first(_ name: FieldName) -> ByteView? { firstIndex(of: name).map { value($0) } }

  /// The first field with this lower-case name that has no `FieldName` of its own.
  public func first(other name: StaticString) -> ByteView? {
    for index in 0..<count where slots[index].name == .other && spelling(index).equalsIgnoringCase(name) {
      return value(index)
    }
    return nil
  }

  /// Whether no field is left.
  public var isEmpty: Bool {
    for index in 0..<count where slots[index].name != .removed { return false }
    return true
  }

  /// How many fields of that name are left.
  public func occurrences(of name: FieldName) -> Int {
    var total = 0
    for index in 0..<count where slots[index].name == name { total += 1 }
    return total
  }

  // MARK: Changing

  /// Takes one field out.
  @inlinable
  public func remove(_ index: Int) { slots[index].name = .removed }

  /// Takes all fields of that name out.
  public func removeAll(_ name: FieldName) {
    for index in 0..<count where slots[index].name == name { slots[index].name = .removed }
  }

  /// Adds a line. Name and value may be stretches of this very text.
  public func append(_ name: ByteView, _ value: ByteView) { append(FieldName(name), name, value) }

  /// Adds a line.
  public func append(_ name: StaticString, _ value: ByteView) {
    append(ByteView(start: name.utf8Start, count: name.utf8CodeUnitCount), value)
  }

  /// Adds a line.
  public func append(_ name: StaticString, _ value: StaticString) {
    append(name, ByteView(start: value.utf8Start, count: value.utf8CodeUnitCount))
  }

  /// Adds a line; the value as UTF-8.
  public func append(_ name: StaticString, text value: String) {
    var value = value
    value.withUTF8 { append(name, ByteView($0)) }
  }

  /// Adds a line whose name is known already.
  public func append(_ known: FieldName, _ name: StaticString, _ value: ByteView) {
    append(known, ByteView(start: name.utf8Start, count: name.utf8CodeUnitCount), value)
  }

  private func append(_ known: FieldName, _ name: ByteView, _ value: ByteView) {
    let length = name.count &+ value.count &+ 4
    let outgrown = reserveText(length)
    let nameOffset = textLength
    let valueOffset = nameOffset &+ name.count &+ 2
    let line = text + nameOffset
    if let start = name.baseAddress { line.copyMemory(from: start, byteCount: name.count) }
    (line + name.count).storeBytes(of: Self.separator, as: UInt16.self)
    if let start = value.baseAddress { (text + valueOffset).copyMemory(from: start, byteCount: value.count) }
    (text + valueOffset + value.count).storeBytes(of: Self.lineEnd, as: UInt16.self)
    // Only now: the bytes may be a stretch of this very text.
    outgrown?.deallocate()
    textLength &+= length
    register(known, nameOffset, name.count, valueOffset, value.count)
  }

  /// Adds lines that are the same for every message.
  public func append(_ lines: FieldLineBlock) {
    let offset = lines.bytes.withUnsafeBytes { store($0) }
    for slot in lines.slots {
      register(
        slot.name, offset &+ Int(slot.nameOffset), Int(slot.nameLength), offset &+ Int(slot.valueOffset),
        Int(slot.valueLength))
    }
  }

  /// `: ` and CR LF as they stand in memory.
  @usableFromInline static var separator: UInt16 { UInt16(littleEndian: 0x203A) }
  @usableFromInline static var lineEnd: UInt16 { UInt16(littleEndian: 0x0A0D) }

  /// Where the whole line of a field begins and ends in the text, when it stands there as it is sent:
  /// `name: value` CR LF. Nil for every other form.
  public func line(_ index: Int) -> Range<Int>? {
    let slot = slots[index]
    let colon = Int(slot.nameOffset) &+ Int(slot.nameLength)
    let end = Int(slot.valueOffset) &+ Int(slot.valueLength)
    guard Int(slot.valueOffset) == colon &+ 2, end &+ 2 <= textLength,
      (text + colon).loadUnaligned(as: UInt16.self) == Self.separator,
      (text + end).loadUnaligned(as: UInt16.self) == Self.lineEnd
    else { return nil }
    return Int(slot.nameOffset)..<end &+ 2
  }

  // MARK: For parsers and for heads that share the text

  /// Copies `bytes` to the end of the text and returns their offset.
  @discardableResult
  public func store(_ bytes: ByteView) -> Int {
    let offset = textLength
    let outgrown = reserveText(bytes.count)
    if let start = bytes.baseAddress { (text + offset).copyMemory(from: start, byteCount: bytes.count) }
    // Only now: the bytes may be a stretch of this very text.
    outgrown?.deallocate()
    textLength &+= bytes.count
    return offset
  }

  /// A stretch of the text.
  @inlinable
  public func text(_ offset: Int, _ length: Int) -> ByteView {
    ByteView(start: text + offset, count: length)
  }

  /// Adds a slot for text that is already stored. Offsets and lengths are within the text.
  @inlinable
  public func register(
    _ name: FieldName, _ nameOffset: Int, _ nameLength: Int, _ valueOffset: Int, _ valueLength: Int
  ) {
    if count == slotCapacity { growSlots() }
    slots[count] = Slot(name, nameOffset, nameLength, valueOffset, valueLength)
    slotCount &+= 1
    repeated |= seen & name.bit
    seen |= name.bit
  }

  /// - Returns: the block that has become too small, to be deallocated.
  private func reserveText(_ extra: Int) -> UnsafeMutableRawPointer? {
    guard textCapacity - textLength < extra else { return nil }
    let capacity = max(textCapacity * 2, textLength + extra, usualCapacity)
    let grown = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    grown.copyMemory(from: text, byteCount: textLength)
    defer { text = grown }
    textCapacity = capacity
    return text
  }

  @usableFromInline
  func growSlots() {
    let capacity = max(slotCapacity * 2, Self.usualSlots)
    let grown = UnsafeMutablePointer<Slot>.allocate(capacity: capacity)
    grown.update(from: slots, count: count)
    releaseSlots()
    slots = grown
    slotCapacity = capacity
  }
}

/// Field lines made once, to be added to heads by `Fields.append`.
public struct FieldLineBlock {
  let bytes: [UInt8]
  let slots: [Fields.Slot]

  /// Makes the lines, in this order.
  public init(_ lines: [(name: StaticString, value: [UInt8])]) {
    let fields = Fields()
    for (name, value) in lines { value.withUnsafeBytes { fields.append(name, $0) } }
    bytes = [UInt8](fields.text(0, fields.textLength))
    slots = (0..<fields.count).map { fields.slots[$0] }
  }
}
