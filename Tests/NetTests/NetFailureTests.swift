import Net
import Testing

struct NetFailureTests {
  @Test(arguments: [
    (NetFailure.connectionRefused, "ECONNREFUSED"), (.endOfFile, "EOF"), (.timedOut, "ETIMEDOUT"),
    (.cancelled, "ECANCELED"), (.notFound, "ENOENT"), (.addressInUse, "EADDRINUSE"),
  ])
  func namesAndWords(_ failure: NetFailure, _ name: String) {
    #expect(failure.name == name)
    #expect(failure.description.hasSuffix(" (\(name))"))
    #expect(failure.description.utf8.count > name.utf8.count + 3)
  }
}
