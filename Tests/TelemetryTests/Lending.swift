import Bytes

extension String {
  func lend<Result>(_ body: (ByteView) -> Result) -> Result { [UInt8](utf8).withUnsafeBytes(body) }
}
