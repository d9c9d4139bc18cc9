import Bytes
import HTTP

/// Puts a response head together from the fields of an HTTP/2 field section (RFC 9113 §8.3.2).
struct ResponseAssembly {
  private var size = 0
  private var fault: WireFault?
  private var hasStatus = false
  private(set) var contentLength: Int?

  var sectionSize: Int { size }

  mutating func add(_ name: ByteView, _ value: ByteView, to head: ResponseHead, _ limits: HeadLimits) {
    size += name.count + value.count + 32
    guard fault == nil else { return }
    if size > limits.headSize { return refuse("head_too_large") }
    if head.fields.count >= limits.fieldCount { return refuse("too_many_fields") }
    guard FieldLines.isValue(value) else { return refuse("bad_field_value") }
    if name.first == ASCII.colon { return addStatus(name, value, head) }
    guard name.count > 0, name.count <= Int(UInt16.max), name.allSatisfy(FieldLines.isNameByte) else {
      return refuse("bad_field_name")
    }
    let known = FieldName(name)
    // It stays in the head: for a response to HEAD it is all there is of the length.
    if known == .contentLength { addLength(value) }
    let offset = head.fields.store(name)
    head.fields.register(known, offset, name.count, head.fields.store(value), value.count)
  }

  private mutating func refuse(_ reason: StaticString) { if fault == nil { fault = WireFault(400, reason) } }

  private mutating func addStatus(_ name: ByteView, _ value: ByteView, _ head: ResponseHead) {
    guard !hasStatus, name.equals(":status"), value.count == 3, value.allSatisfy(ASCII.isDigit) else {
      return refuse("bad_status")
    }
    hasStatus = true
    head.status = value.reduce(0) { $0 * 10 + Int($1 - 0x30) }
    if !(100...599 ~= head.status) || head.status == 101 { refuse("bad_status") }
  }

  private mutating func addLength(_ value: ByteView) {
    guard contentLength == nil, 1...18 ~= value.count, value.allSatisfy(ASCII.isDigit) else {
      return refuse("bad_content_length")
    }
    contentLength = value.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  func complete(_ head: ResponseHead) throws(WireFault) {
    if let fault { throw fault }
    guard hasStatus else { throw WireFault(400, "bad_status") }
    head.version = .http2
  }
}
