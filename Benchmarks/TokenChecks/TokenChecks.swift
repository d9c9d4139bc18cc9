internal import Glibc
internal import JOSE

/// What checking an access token costs, beside OpenSSL's verification of the same signature with the same key; and what
/// sealing one costs.
///
///     token-checks                          all algorithms, as a table, and sealing
///     token-checks sealing                  sealing alone
///     token-checks ALGORITHM WAY ROUNDS     only one thing so many times: for tools that count instructions
@main
enum TokenChecks {
  static func main() {
    do {
      let arguments = CommandLine.arguments.dropFirst()
      switch Array(arguments) {
      case []: try compare()
      case ["sealing"]: try measureSealing()
      case let words: try repeatOne(words)
      }
    } catch let failure as BenchmarkFailure {
      end(failure.words)
    } catch {
      end("\(error)")
    }
  }

  private static func compare() throws {
    print(Table.head)
    for algorithm in JWSAlgorithm.allCases {
      print(Table.row(try Comparison(try Candidate(algorithm))))
      fflush(nil)
    }
    print(Table.foot)
    try measureSealing()
  }

  private static func measureSealing() throws {
    print(Table.sealing(try SealingFigures(try SealingCheck())))
  }

  private static func repeatOne(_ arguments: [String]) throws {
    guard arguments.count == 3, let algorithm = JWSAlgorithm(name: arguments[0]),
      let way = Candidate.Way(rawValue: arguments[1]), let rounds = Int(arguments[2]), rounds > 0
    else { throw BenchmarkFailure("usage: token-checks [sealing | ALGORITHM bare|uncached|cached ROUNDS]") }
    let cost = try Candidate(algorithm).run(way, rounds: rounds)
    print("\(algorithm.rawValue) \(way.rawValue): \(cost) µs in each of \(rounds * TokenSample.count) checks")
  }

  private static func end(_ words: String) {
    let line = [UInt8]("token-checks: \(words)\n".utf8)
    write(STDERR_FILENO, line, line.count)
    exit(1)
  }
}
