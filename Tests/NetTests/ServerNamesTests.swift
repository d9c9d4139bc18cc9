import Bytes
import Testing

@testable import Net

struct ServerNamesTests {
  private let names = ServerNames([
    (["a.example", "*.w.example"], 1),
    (["b.example"], 1),
    (["b.example", "x.w.example"], 2),
    (["b.example"], 1),
    (["*.w.example", "a.example"], 2),
  ])

  @Test(
    arguments: [
      ("a.example", [0, 4]), ("A.EXAMPLE", [0, 4]), ("a.example.", [0, 4]), ("b.example", [1, 2]),
      ("x.w.example", [2]), ("y.w.example", [0, 4]), ("w.example", nil), ("y.x.w.example", nil), (".w.example", nil),
      ("c.example", nil), ("", nil), (".", nil), ("*.w.example", [0, 4]),
    ] as [(String, [Int]?)])
  func finds(_ name: String, _ places: [Int]?) {
    let found = [UInt8](name.utf8).withUnsafeBytes { names.find($0) }
    #expect(found == places)
  }

  @Test func theFirstIsTheDefaultWithItsTwins() {
    #expect(names.fallback == [0, 4])
    #expect(ServerNames([([], 1), (["a.example"], 1), ([], 2)]).fallback == [0, 2])
  }

  @Test func makesOneValueForEachSet() throws {
    var made: [[Int]] = []
    let values = try names.map { places in
      made.append(places)
      return made.count
    }
    #expect(made.count == 3)
    #expect(values.fallback == 1)
  }
}
