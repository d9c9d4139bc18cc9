/// Why a connection does not begin with a PROXY header; it is to be closed without an answer.
package enum ProxyHeaderFault: Error, Equatable, Sendable {
  /// It begins with something else, for example with a request.
  case missing
  /// More than 107 bytes without the end of the line, or a block longer than we keep.
  case tooLong
  /// Version 1: not the five words, separated by single spaces and ended by CR LF.
  case malformedLine
  /// Neither TCP4, TCP6 nor UNKNOWN; an address family or a transport that version 2 does not have.
  case unknownFamily
  case malformedAddress
  case malformedPort
  case unsupportedVersion
  /// Neither LOCAL nor PROXY.
  case unknownCommand
  /// The client is said to have sent datagrams.
  case datagram
  /// The block ends inside the addresses of its family.
  case shortAddresses
  /// A type-length-value vector that does not fit into the block, or a checksum that is not one.
  case malformedVector
  case checksumMismatch

  /// snake_case, for logs and metrics.
  package var reason: StaticString {
    switch self {
    case .missing: "proxy_header_missing"
    case .tooLong: "proxy_header_too_long"
    case .malformedLine: "proxy_malformed_line"
    case .unknownFamily: "proxy_unknown_family"
    case .malformedAddress: "proxy_malformed_address"
    case .malformedPort: "proxy_malformed_port"
    case .unsupportedVersion: "proxy_unsupported_version"
    case .unknownCommand: "proxy_unknown_command"
    case .datagram: "proxy_datagram"
    case .shortAddresses: "proxy_short_addresses"
    case .malformedVector: "proxy_malformed_vector"
    case .checksumMismatch: "proxy_checksum_mismatch"
    }
  }
}
