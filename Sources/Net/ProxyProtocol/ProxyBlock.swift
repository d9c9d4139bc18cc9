/// Version 2 of the PROXY protocol: a binary block of addresses and type-length-value vectors.
enum ProxyBlock {
  static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
  /// Bytes up to and including the length.
  static let headLength = 16
  /// Bytes behind them at the most. Real blocks have less than 600: UNIX-domain addresses, and a few vectors.
  static let limit = 4096

  private static let checksumType: UInt8 = 0x03

  /// Looks at the last of the bytes that have come; those before it have been looked at.
  static func isComplete(_ bytes: [UInt8]) throws(ProxyHeaderFault) -> Bool {
    let last = bytes.count - 1
    guard last >= signature.count else {
      if bytes[last] != signature[last] { throw .missing }
      return false
    }
    if last == signature.count, bytes[last] >> 4 != 2 { throw .unsupportedVersion }
    guard bytes.count >= headLength else { return false }
    let length = number(bytes, 14)
    guard length <= limit else { throw .tooLong }
    return bytes.count == headLength + length
  }

  /// - Parameter bytes: a complete block.
  static func decode(_ bytes: [UInt8]) throws(ProxyHeaderFault) -> ProxyHeader {
    switch bytes[12] & 0x0F {
    // The family may be anything, and with it what the rest means: nothing of it is used.
    case 0: return .withoutAddresses
    case 1: break
    default: throw .unknownCommand
    }
    let (addressLength, portLength): (Int, Int)
    switch bytes[13] >> 4 {
    case 0: (addressLength, portLength) = (0, 0)
    case 1: (addressLength, portLength) = (4, 2)
    case 2: (addressLength, portLength) = (16, 2)
    case 3: (addressLength, portLength) = (108, 0)
    default: throw .unknownFamily
    }
    let transport = bytes[13] & 0x0F
    guard transport <= 2 else { throw .unknownFamily }
    guard transport != 2 else { throw .datagram }
    let end = headLength + 2 * (addressLength + portLength)
    guard end <= bytes.count else { throw .shortAddresses }
    try checkVectors(bytes, from: end)
    guard transport == 1, addressLength > 0 else { return .withoutAddresses }
    let middle = headLength + addressLength
    let ports = middle + addressLength
    return ProxyHeader(
      source: endpoint(bytes[headLength..<middle], bytes, port: ports),
      destination: endpoint(bytes[middle..<ports], bytes, port: ports + portLength))
  }

  private static func endpoint(_ address: ArraySlice<UInt8>, _ bytes: [UInt8], port: Int) -> SocketAddress {
    guard address.count <= 16 else {
      return .unix(path: String(decoding: address.prefix { $0 != 0 }, as: UTF8.self))
    }
    return .ip(String(decoding: IPAddress(octets: address).text, as: UTF8.self), port: number(bytes, port))
  }

  /// The vectors say nothing that we use; but one of them may be a checksum over everything.
  private static func checkVectors(_ bytes: [UInt8], from start: Int) throws(ProxyHeaderFault) {
    var checksum: Int?
    var position = start
    while position < bytes.count {
      let value = position + 3
      guard value <= bytes.count else { throw .malformedVector }
      let length = number(bytes, position + 1)
      guard value + length <= bytes.count else { throw .malformedVector }
      if bytes[position] == checksumType {
        guard length == 4, checksum == nil else { throw .malformedVector }
        checksum = value
      }
      position = value + length
    }
    guard let checksum else { return }
    let announced = UInt32(number(bytes, checksum)) << 16 | UInt32(number(bytes, checksum + 2))
    var blanked = bytes
    for index in checksum..<checksum + 4 { blanked[index] = 0 }
    guard CRC32C.of(blanked) == announced else { throw .checksumMismatch }
  }

  /// Two bytes in network order.
  private static func number(_ bytes: [UInt8], _ position: Int) -> Int {
    Int(bytes[position]) << 8 | Int(bytes[position + 1])
  }
}
