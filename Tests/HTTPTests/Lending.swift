import Bytes
import HTTP

extension String {
  func lend<Result>(_ body: (ByteView) -> Result) -> Result { [UInt8](utf8).withUnsafeBytes(body) }
}

extension Fields {
  convenience init(_ fields: [(String, String)]) {
    self.init()
    for (name, value) in fields { name.lend { name in value.lend { append(name, $0) } } }
  }

  /// The remaining fields, one after the other.
  var line: String {
    (0..<count).filter { name($0) != .removed }.map { "\(spelling($0).text)=\(value($0).text)" }
      .joined(separator: "|")
  }
}
