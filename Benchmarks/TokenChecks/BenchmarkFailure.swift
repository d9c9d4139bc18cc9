internal import COpenSSL

/// What ends the measurement.
struct BenchmarkFailure: Error {
  let words: String

  init(_ words: String) { self.words = words }
}

func check(_ result: Int32, _ action: String) throws(BenchmarkFailure) {
  if result != 1 { throw BenchmarkFailure("OpenSSL cannot \(action): \(reason())") }
}

func unwrap(_ made: OpaquePointer?, _ what: String) throws(BenchmarkFailure) -> OpaquePointer {
  guard let made else { throw BenchmarkFailure("OpenSSL has not made \(what): \(reason())") }
  return made
}

private func reason() -> String {
  ERR_reason_error_string(ERR_get_error()).map { String(cString: $0) } ?? "no reason given"
}
