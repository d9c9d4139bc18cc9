import Glibc
import Testing

@testable import Net

struct SignalWatcherTests {
  @Test func callsBackFromTheLoopUntilItIsStopped() throws {
    let test = try TestLoop()
    var count = 0
    let watcher = SignalWatcher(test.loop, SIGWINCH) { count += 1 }
    kill(getpid(), SIGWINCH)
    #expect(count == 0)
    try test.run(until: { count == 1 })
    kill(getpid(), SIGWINCH)
    try test.run(until: { count == 2 })
    watcher.stop()
    kill(getpid(), SIGWINCH)
    try test.run(for: 5)
    #expect(count == 2)
  }
}
