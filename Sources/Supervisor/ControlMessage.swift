import Bytes

/// What supervisor and workers tell each other, over a channel that the worker inherits.
///
/// On the wire: one byte for the kind, the number of fields, and each field behind its length; numbers have four bytes.
struct ControlMessage: Equatable {
  enum Kind: UInt8 {
    // To a worker.
    /// All that it needs: the fields of a ``WorkerPlan``.
    case begin = 1
    /// Accept no more, let running requests finish, and end.
    case drain
    /// End now.
    case cut
    /// Read certificates and keys again.
    case readFiles
    /// The keys of session tickets from now on.
    case ticketKeys
    /// Say how you are.
    case ask
    // From a worker.
    /// It listens.
    case ready
    /// It cannot start; one field says why.
    case failed
    /// How it is: its numbers, and what is in its way, one field for each.
    case report
  }

  var kind: Kind
  var fields: [[UInt8]] = []

  init(_ kind: Kind, _ fields: [[UInt8]] = []) {
    self.kind = kind
    self.fields = fields
  }

  func text(_ index: Int) -> String {
    fields.indices.contains(index) ? String(decoding: fields[index], as: UTF8.self) : ""
  }

  func write(to buffer: ByteBuffer) {
    buffer.append(kind.rawValue)
    Self.append(fields.count, to: buffer)
    for field in fields {
      Self.append(field.count, to: buffer)
      buffer.append(field)
    }
  }

  private static func append(_ number: Int, to buffer: ByteBuffer) {
    for shift in [24, 16, 8, 0] { buffer.append(UInt8(truncatingIfNeeded: number >> shift)) }
  }
}

/// Puts messages together again from the pieces that come.
struct ControlDecoder {
  enum Fault: Error {
    /// Not a message, or larger than any.
    case malformed
  }

  /// Bytes of a message: a configuration with the files that it pulls in has a megabyte each.
  static let sizeLimit = 64 << 20
  private static let fieldLimit = 65_536

  private let held = ByteBuffer()

  func append(_ bytes: ByteView) { held.append(bytes) }

  /// The next message, once all of it is there.
  func next() throws(Fault) -> ControlMessage? {
    let bytes = held.view
    guard bytes.count >= 5 else { return nil }
    guard let kind = ControlMessage.Kind(rawValue: bytes[0]) else { throw .malformed }
    let count = Self.number(bytes, 1)
    guard count <= Self.fieldLimit else { throw .malformed }
    var message = ControlMessage(kind)
    var place = 5
    for _ in 0..<count {
      guard bytes.count - place >= 4 else { return nil }
      let length = Self.number(bytes, place)
      guard place + length <= Self.sizeLimit else { throw .malformed }
      guard bytes.count - place - 4 >= length else { return nil }
      message.fields.append([UInt8](bytes.slice(place + 4, length)))
      place += 4 + length
    }
    held.consume(place)
    return message
  }

  private static func number(_ bytes: ByteView, _ place: Int) -> Int {
    (0..<4).reduce(0) { $0 << 8 | Int(bytes[place + $1]) }
  }
}
