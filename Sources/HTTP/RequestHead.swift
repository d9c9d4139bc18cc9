public import Bytes

/// A request's control data and header fields. Recycled: nothing in it outlives the exchange.
public final class RequestHead {
  /// The header fields, and the text of the whole head.
  public let fields: Fields
  /// The method; its spelling is in `methodName`.
  public var method: Method = .get
  /// The version that the client speaks.
  public var version: Version = .http11
  @usableFromInline var methodText = (offset: 0, length: 0)
  @usableFromInline var pathText = (offset: 0, length: 0)
  @usableFromInline var originalPathText = (offset: 0, length: 0)
  @usableFromInline var queryText: (offset: Int, length: Int)?
  @usableFromInline var authorityText: (offset: Int, length: Int)?

  /// An empty head.
  public init() { fields = Fields(capacity: 4096) }

  /// Forgets everything, and keeps the memory.
  public func clear() {
    fields.clear()
    method = .get
    version = .http11
    methodText = (0, 0)
    pathText = (0, 0)
    originalPathText = (0, 0)
    queryText = nil
    authorityText = nil
  }

  /// Lets go of the fields and of the target, once the request has been answered: what logs tell of it stays.
  public func shed() {
    fields.shed(
      keeping: max(methodText.offset + methodText.length, originalPathText.offset + originalPathText.length))
    pathText = originalPathText
    queryText = nil
    authorityText = nil
  }

  /// The method as it came.
  @inlinable
  public var methodName: ByteView { fields.text(methodText.offset, methodText.length) }

  /// The absolute path, percent-encoding untouched.
  @inlinable
  public var path: ByteView { fields.text(pathText.offset, pathText.length) }

  /// The path as the client sent it, whatever stages have made of it; for logs.
  @inlinable
  public var originalPath: ByteView { fields.text(originalPathText.offset, originalPathText.length) }

  /// What stands behind the question mark; nil when there is none.
  @inlinable
  public var query: ByteView? { queryText.map { fields.text($0.offset, $0.length) } }

  /// Host and port the client addressed: of an absolute-form target, else of the Host field (RFC 9110 §7.2).
  @inlinable
  public var authority: ByteView? { authorityText.map { fields.text($0.offset, $0.length) } }

  // MARK: For codecs: stretches of the stored text

  /// Where the method stands.
  public func setMethod(_ offset: Int, _ length: Int) {
    methodText = (offset, length)
    method = Method(methodName)
  }

  /// Where path and query stand.
  public func setTarget(path: (offset: Int, length: Int), query: (offset: Int, length: Int)?) {
    pathText = path
    originalPathText = path
    queryText = query
  }

  /// Where host and port stand that were addressed; nil: nowhere.
  public func setAuthority(_ text: (offset: Int, length: Int)?) { authorityText = text }

  // MARK: For stages that send the request on

  /// Points the request at another path: `prefix` in place of the first `dropped` bytes; the query stays.
  public func rewritePath(_ prefix: ByteView, dropping dropped: Int) {
    let kept = (offset: pathText.offset + dropped, length: pathText.length - dropped)
    let offset = fields.store(prefix)
    fields.store(fields.text(kept.offset, kept.length))
    pathText = (offset, prefix.count + kept.length)
  }
}
