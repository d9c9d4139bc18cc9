import Glibc

/// A first-in, first-out run of bytes that grows as needed and gives its memory back when empty.
///
/// The one buffer type of the project: connection output, input that waits, log lines.
public final class ByteBuffer {
  @usableFromInline var base: UnsafeMutableRawPointer?
  @usableFromInline var capacity = 0
  @usableFromInline var readIndex = 0
  @usableFromInline var writeIndex = 0
  private let pool: BufferPool?

  /// - Parameter pool: where memory blocks come from and go back to; nil means the allocator.
  public init(pool: BufferPool? = nil) { self.pool = pool }

  deinit { releaseStorage() }

  /// Bytes held.
  @inlinable
  public var count: Int { writeIndex &- readIndex }
  /// Whether no bytes are held.
  @inlinable
  public var isEmpty: Bool { writeIndex == readIndex }

  /// The bytes held, valid until the buffer changes.
  @inlinable
  public var view: ByteView {
    ByteView(start: base.map { UnsafeRawPointer($0) + readIndex }, count: count)
  }

  /// Makes room for `extra` bytes and returns where they go; `commit` says how many were written.
  @inlinable
  public func reserve(_ extra: Int) -> UnsafeMutableRawPointer {
    if capacity &- writeIndex < extra || base == nil { grow(extra) }
    return base.unsafelyUnwrapped + writeIndex
  }

  /// Says how many bytes were written to what `reserve` has returned.
  @inlinable
  public func commit(_ written: Int) { writeIndex &+= written }

  /// Copies `bytes` to the end.
  @inlinable
  public func append(_ bytes: ByteView) {
    guard let start = bytes.baseAddress, bytes.count > 0 else { return }
    reserve(bytes.count).copyMemory(from: start, byteCount: bytes.count)
    commit(bytes.count)
  }

  /// Copies the bytes of a literal to the end.
  @inlinable
  public func append(_ literal: StaticString) {
    let length = literal.utf8CodeUnitCount
    reserve(length).copyMemory(from: literal.utf8Start, byteCount: length)
    commit(length)
  }

  /// Adds one byte.
  @inlinable
  public func append(_ byte: UInt8) {
    reserve(1).storeBytes(of: byte, as: UInt8.self)
    commit(1)
  }

  /// Copies `bytes` to the end.
  public func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  /// Adds text as UTF-8.
  public func append(text: String) {
    var text = text
    text.withUTF8 { append(ByteView($0)) }
  }

  /// Appends a non-negative number in decimal digits.
  public func append(decimal value: Int) {
    Decimal.with(value) { append($0) }
  }

  /// Appends a number in lower-case hexadecimal digits, at least `width` of them.
  public func append(hex value: UInt64, width: Int = 1) {
    let significant = max(width, (67 - value.leadingZeroBitCount) / 4)
    for position in stride(from: significant - 1, through: 0, by: -1) {
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(position * 4)) & 15
      append(digit < 10 ? digit + 0x30 : digit + 0x57)
    }
  }

  /// Drops the first `length` bytes; memory goes back when nothing is left.
  public func consume(_ length: Int) {
    readIndex &+= length
    if readIndex >= writeIndex { clear() }
  }

  /// Drops everything and gives the memory back.
  public func clear() {
    readIndex = 0
    writeIndex = 0
    releaseStorage()
  }

  /// Exchanges contents with `other` without copying.
  public func swapContents(with other: ByteBuffer) {
    swap(&base, &other.base)
    swap(&capacity, &other.capacity)
    swap(&readIndex, &other.readIndex)
    swap(&writeIndex, &other.writeIndex)
  }

  func releaseStorage() {
    guard let base else { return }
    if let pool { pool.release(base, capacity) } else { free(base) }
    self.base = nil
    capacity = 0
  }

  @usableFromInline
  func grow(_ extra: Int) {
    let held = count
    if let base, readIndex > 0, capacity - held >= extra, readIndex >= held {
      memcpy(base, base + readIndex, held)
      readIndex = 0
      writeIndex = held
      return
    }
    let wanted = max(held + extra, min(capacity * 2, held + extra + (1 << 20)))
    let (block, size) = pool?.acquire(wanted) ?? BufferPool.allocate(wanted)
    if let base { memcpy(block, base + readIndex, held) }
    releaseStorage()
    base = block
    capacity = size
    readIndex = 0
    writeIndex = held
  }
}

/// Recycles the common blocks, so that an idle connection holds no buffer and a busy one never calls the allocator.
public final class BufferPool {
  /// The smallest size that is recycled, in bytes: a head with its token and a small body, or an event, with which
  /// thousands of connections may wait for the same flush.
  public static let smallSize = 4_096
  /// For what has outgrown that.
  public static let blockSize = 16_384
  /// For all that one read brings, framed anew. At the top of the heap, such a block would be got from the system and
  /// given back in every turn.
  public static let largeSize = 131_072
  private var small: [UnsafeMutableRawPointer] = []
  private var blocks: [UnsafeMutableRawPointer] = []
  private var large: [UnsafeMutableRawPointer] = []
  private let limit: Int
  /// Large blocks kept for reuse: few connections have as much to send at a time.
  private static let largeLimit = 16

  /// - Parameter limit: blocks of the two smaller sizes kept for reuse at the most.
  public init(limit: Int = 1024) { self.limit = limit }

  deinit {
    for block in small + blocks + large { free(block) }
  }

  func acquire(_ wanted: Int) -> (UnsafeMutableRawPointer, Int) {
    if wanted <= Self.smallSize {
      if let block = small.popLast() { return (block, Self.smallSize) }
      return Self.allocate(Self.smallSize)
    }
    if wanted <= Self.blockSize {
      if let block = blocks.popLast() { return (block, Self.blockSize) }
      return Self.allocate(Self.blockSize)
    }
    guard wanted <= Self.largeSize else { return Self.allocate(wanted) }
    if let block = large.popLast() { return (block, Self.largeSize) }
    return Self.allocate(Self.largeSize)
  }

  func release(_ block: UnsafeMutableRawPointer, _ size: Int) {
    if size == Self.smallSize, small.count < limit {
      small.append(block)
    } else if size == Self.blockSize, blocks.count < limit {
      blocks.append(block)
    } else if size == Self.largeSize, large.count < Self.largeLimit {
      large.append(block)
    } else {
      free(block)
    }
  }

  static func allocate(_ wanted: Int) -> (UnsafeMutableRawPointer, Int) {
    let size = max(wanted, 256)
    guard let block = malloc(size) else { abort() }
    return (block, size)
  }
}
