import Identity
import Testing

struct FreshnessTests {
  private static let responses: [(String?, Int?, Freshness)] = [
    (nil, 0, Freshness.unspecified), ("", 0, .unspecified), ("public, must-revalidate", 0, .unspecified),
    ("max-age=300", 0, .seconds(300)), ("public, max-age=300, immutable", 0, .seconds(300)),
    ("Max-Age=300", 0, .seconds(300)), ("max-age=\"300\"", 0, .seconds(300)), (" max-age = 300 ,", 0, .seconds(300)),
    ("max-age=300", nil, .seconds(300)), ("max-age=300", -1, .seconds(300)), ("max-age=300", 100, .seconds(200)),
    ("max-age=300", 300, .seconds(0)), ("max-age=300", .max, .seconds(0)),
    ("max-age=0", 0, .seconds(0)), ("max-age=300, max-age=60", 0, .seconds(60)),
    // What cannot be read is as good as over.
    ("max-age", 0, .seconds(0)), ("max-age=", 0, .seconds(0)), ("max-age=-1", 0, .seconds(0)),
    ("max-age=1.5", 0, .seconds(0)), ("max-age=x", 0, .seconds(0)),
    ("max-age=99999999999999999999999", 0, .seconds(1 << 31)),
    // For shared caches only.
    ("s-maxage=60", 0, .unspecified), ("s-maxage=60, max-age=600", 0, .seconds(600)),
    ("no-store", 0, .none), ("NO-CACHE", 0, .none), ("max-age=300, no-store", 0, .none),
    ("no-cache=\"Set-Cookie\", max-age=300", 0, .none),
    // Inside of quotes nothing is a directive.
    ("private=\"a, no-store, max-age=1\", max-age=300", 0, .seconds(300)), ("x=\"max-age=1", 0, .unspecified),
  ]

  @Test(arguments: responses)
  func whatTheResponseSays(_ text: String?, _ age: Int?, _ expected: Freshness) {
    #expect(Freshness(cacheControl: text, age: age) == expected)
  }
}
