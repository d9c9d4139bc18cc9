import Bytes
import HTTP

/// Puts a request head together from the fields of an HTTP/2 field section (RFC 9113 §8.2, §8.3).
///
/// What HTTP/1.1 could not carry unchanged is refused here, whatever the library underneath thinks of it: a request
/// that is let through means the same to every backend.
struct RequestAssembly {
  /// How a head is refused.
  enum Fault: Error {
    /// Malformed: the stream is reset (RFC 9113 §8.1.1).
    case malformed(StaticString)
    /// Well-formed, but not served: answered with a status.
    case refused(WireFault)
  }

  private typealias Text = (offset: Int, length: Int)
  private var size = 0
  private var fault: Fault?
  private var method: Text?
  private var scheme: Text?
  private var path: Text?
  private var authority: Text?
  private(set) var contentLength: Int?
  /// A field that is not a pseudo field has come.
  private var hasFields = false

  /// The bytes of the field section as RFC 9113 §6.5.2 counts them.
  var sectionSize: Int { size }

  /// - Parameter isKnown: whether `isValue` has said yes to this value before.
  mutating func add(
    _ name: ByteView, _ value: ByteView, isKnown: Bool = false, to head: RequestHead, _ limits: HeadLimits
  ) {
    size += name.count + value.count + 32
    guard fault == nil else { return }
    let fields = head.fields
    if size > limits.headSize { return fail(.refused(WireFault(431, "head_too_large"))) }
    if fields.count >= limits.fieldCount { return fail(.refused(WireFault(431, "too_many_fields"))) }
    guard isKnown || Self.isValue(value) else { return fail(.malformed("bad_field_value")) }
    if name.first == ASCII.colon {
      guard !hasFields else { return fail(.malformed("bad_pseudo_field")) }
      return addPseudo(name, fields.store(value), value.count)
    }
    hasFields = true
    guard name.count > 0, name.count <= Int(UInt16.max),
      name.allSatisfy({ FieldLines.isNameByte($0) && !Self.isUpper($0) })
    else { return fail(.malformed("bad_field_name")) }
    let known = FieldName(name)
    if let reason = Self.objection(to: known, value) { return fail(.malformed(reason)) }
    if known == .contentLength { return addLength(value) }
    let nameOffset = fields.store(name)
    fields.register(known, nameOffset, name.count, fields.store(value), value.count)
  }

  private mutating func fail(_ fault: Fault) { self.fault = fault }

  private mutating func addPseudo(_ name: ByteView, _ offset: Int, _ length: Int) {
    let text = (offset: offset, length: length)
    if name.equals(":method"), method == nil {
      method = text
    } else if name.equals(":scheme"), scheme == nil {
      scheme = text
    } else if name.equals(":path"), path == nil {
      path = text
    } else if name.equals(":authority"), authority == nil {
      authority = text
    } else {
      fail(.malformed("bad_pseudo_field"))
    }
  }

  /// The length frames nothing in HTTP/2; that it agrees with the DATA frames is checked as they come (RFC 9113 §8.1.1).
  private mutating func addLength(_ value: ByteView) {
    guard contentLength == nil, 1...18 ~= value.count, value.allSatisfy(ASCII.isDigit) else {
      return fail(.malformed("bad_content_length"))
    }
    contentLength = value.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }

  /// Fields of one connection have no place here (RFC 9113 §8.2.2).
  private static func objection(to name: FieldName, _ value: ByteView) -> StaticString? {
    switch name {
    case .connection, .transferEncoding, .keepAlive, .proxyConnection, .upgrade: "connection_specific_field"
    case .te: value.equalsIgnoringCase("trailers") ? nil : "connection_specific_field"
    default: nil
    }
  }

  private static func isUpper(_ byte: UInt8) -> Bool { byte &- 0x41 < 26 }

  static func isValue(_ value: ByteView) -> Bool { FieldLines.isValue(value) && !hasOuterSpace(value) }

  private static func hasOuterSpace(_ value: ByteView) -> Bool {
    guard let first = value.first, let last = value.last else { return false }
    return first <= ASCII.space || last <= ASCII.space
  }

  /// Checks what only the whole head shows, and completes it.
  func complete(_ head: RequestHead, _ limits: HeadLimits) throws(Fault) {
    if let fault { throw fault }
    let fields = head.fields
    guard let method, method.length > 0, fields.text(method.offset, method.length).allSatisfy(ASCII.isToken) else {
      throw .malformed("bad_method")
    }
    head.setMethod(method.offset, method.length)
    try completeAuthority(head)
    guard head.method != .connect else { throw .refused(WireFault(501, "connect_not_supported")) }
    guard let scheme, let path else { throw .malformed("missing_pseudo_field") }
    let schemeText = fields.text(scheme.offset, scheme.length)
    guard schemeText.equalsIgnoringCase("https") || schemeText.equalsIgnoringCase("http") else {
      throw .malformed("bad_scheme")
    }
    try completeTarget(head, path, limits)
    if head.authority == nil { throw .refused(WireFault(400, "host_missing")) }
    Self.joinCookies(fields)
  }

  private func completeTarget(_ head: RequestHead, _ path: Text, _ limits: HeadLimits) throws(Fault) {
    let text = head.fields.text(path.offset, path.length)
    guard let first = text.first, text.allSatisfy({ $0 > ASCII.space && $0 < 0x7F }) else {
      throw .malformed("bad_request_target")
    }
    guard first == ASCII.slash || (path.length == 1 && first == 0x2A && head.method == .options) else {
      throw .malformed("bad_request_target")
    }
    guard path.length <= limits.targetSize else { throw .refused(WireFault(414, "target_too_long")) }
    do throws(WireFault) {
      try RequestTarget.parse(head, path.offset, path.offset + path.length)
    } catch {
      throw .refused(error)
    }
  }

  /// `:authority` without userinfo, and a Host field only when it says the same (RFC 9113 §8.3.1).
  private func completeAuthority(_ head: RequestHead) throws(Fault) {
    let fields = head.fields
    let host = fields.firstIndex(of: .host)
    if let host {
      guard fields.firstIndex(of: .host, from: host + 1) == nil else { throw .malformed("repeated_host") }
      guard RequestTarget.isAuthority(fields.value(host)) else { throw .malformed("bad_host") }
    }
    guard let authority else {
      if let host { head.setAuthority(fields.valueStretch(host)) }
      return
    }
    let text = fields.text(authority.offset, authority.length)
    guard text.count > 0, RequestTarget.isAuthority(text) else { throw .malformed("bad_authority") }
    if let host, !Self.same(fields.value(host), text) { throw .malformed("host_differs_from_authority") }
    head.setAuthority(authority)
  }

  private static func same(_ left: ByteView, _ right: ByteView) -> Bool {
    left.count == right.count && zip(left, right).allSatisfy { ASCII.lowercased($0) == ASCII.lowercased($1) }
  }

  /// Cookie crumbs become one field, as HTTP/1.1 has it (RFC 9113 §8.2.3).
  private static func joinCookies(_ fields: Fields) {
    guard let first = fields.firstIndex(of: .cookie), fields.firstIndex(of: .cookie, from: first + 1) != nil else {
      return
    }
    let joined = ByteBuffer()
    for index in first..<fields.count where fields.name(index) == .cookie {
      if !joined.isEmpty { joined.append("; ") }
      joined.append(fields.value(index))
    }
    fields.removeAll(.cookie)
    fields.append("Cookie", joined.view)
  }
}
