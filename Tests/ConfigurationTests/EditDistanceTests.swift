import Testing

@testable import Configuration

struct EditDistanceTests {
  @Test(arguments: [
    ("lisenters", "listeners"), ("discoveryUrl", "discovery_url"), ("PUBLIC-URL", "public_url"),
    ("ruotes", "routes"), ("log_", "log"),
  ])
  func findsTheKeyThatWasMeant(word: String, key: String) {
    let keys = ["public_url", "listeners", "routes", "limits", "log", "discovery_url"]
    #expect(EditDistance.nearest(to: word, among: keys) == key)
  }

  @Test(arguments: ["tls", "x", "", "authorization"])
  func staysSilentWhenNothingIsNear(word: String) {
    #expect(EditDistance.nearest(to: word, among: ["public_url", "listeners", "routes"]) == nil)
  }

  @Test(arguments: [
    ("", "", 0), ("abc", "abc", 0), ("abc", "", 3), ("abc", "acb", 1), ("kitten", "sitting", 3),
  ])
  func countsEdits(one: String, other: String, distance: Int) {
    #expect(EditDistance.between(Array(one), Array(other)) == distance)
    #expect(EditDistance.between(Array(other), Array(one)) == distance)
  }
}
