import Glibc
import Testing

@testable import Net

struct FileWatcherTests {
  private let test: TestLoop
  private let files: TestFiles

  init() throws {
    test = try TestLoop()
    files = try TestFiles()
  }

  /// Waits until the watcher has had its first look, then changes the file, and waits until that is seen.
  private func watch(_ path: String, _ change: () throws -> Void) throws {
    var seen = 0
    let watcher = FileWatcher(test.loop, path, every: 10) { seen += 1 }
    try test.run(for: 30)
    #expect(seen == 0)
    try change()
    try test.run(until: { seen > 0 })
    let before = seen
    try test.run(for: 30)
    #expect(seen == before)
    watcher.stop()
    try change()
    try test.run(for: 30)
    #expect(seen == before)
  }

  @Test func anotherFileInItsPlace() throws {
    let file = try files.write("old")
    try watch(file) {
      let new = try files.write("new, and longer")
      try #require(rename(new, file) == 0)
    }
  }

  @Test func writtenInPlace() throws {
    let file = try files.write("old")
    try watch(file) { try files.replace(file, by: [UInt8]("new, and longer".utf8)) }
  }

  /// As Kubernetes does it: the link on the way is swapped, the path stays.
  @Test func aLinkThatLeadsElsewhere() throws {
    let targets = try [files.write("one"), files.write("another")]
    let link = try files.write("")
    try #require(unlink(link) == 0)
    try #require(symlink(targets[0], link) == 0)
    try watch(link) {
      let next = try files.write("")
      try #require(unlink(next) == 0)
      try #require(symlink(targets[1], next) == 0)
      try #require(rename(next, link) == 0)
    }
  }

  @Test func gone() throws {
    let file = try files.write("here")
    try watch(file) { unlink(file) }
  }
}
