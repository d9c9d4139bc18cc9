internal import Bytes
internal import JOSE

/// What the gateway's bridge and the provider behind it agree on, made for one run.
struct DemoBridge {
  static let name = "demo"
  static let clientID = "portcullis-gateway"
  /// 64 hexadecimal digits.
  let sealingKey: String
  let clientSecret: String

  init() throws(CryptoFailure) {
    let digits = Array("0123456789abcdef".utf8)
    let key = try SecureRandom.bytes(32).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    sealingKey = String(decoding: key, as: UTF8.self)
    clientSecret = Base64URL.encode(try SecureRandom.bytes(32))
  }

  /// `bridges`, with secrets that end with the process.
  var configuration: String {
    """
    bridges:
      - name: \(Self.name)
        sealing_keys:
          - id: demo
            key: "\(sealingKey)"
        client_id: \(Self.clientID)
        client_secret: "\(clientSecret)"
    """
  }
}
