import Glibc
import Net
import Testing

struct SmallFileTests {
  private let test: TestLoop
  private let files: TestFiles

  init() throws {
    test = try TestLoop()
    files = try TestFiles()
  }

  private func read(_ path: String, limit: Int = 1 << 20) throws -> Result<[UInt8], NetFailure> {
    var found: Result<[UInt8], NetFailure>?
    SmallFile.read(test.loop, path, limit: limit) { found = $0 }
    #expect(found == nil, "the loop has not turned yet")
    try test.run(until: { found != nil })
    return try #require(found)
  }

  private func replace(_ path: String, _ bytes: [UInt8]) throws -> NetFailure? {
    var result: NetFailure??
    SmallFile.replace(test.loop, path, with: bytes) { result = .some($0) }
    try test.run(until: { result != nil })
    return try #require(result)
  }

  private func names() throws -> [String] {
    let directory = try #require(opendir(files.path))
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  @Test(arguments: [0, 1, 65_535, 65_536, 65_537, 200_000])
  func readsAllOfIt(_ size: Int) throws {
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let path = try files.write(bytes)
    #expect(try read(path, limit: size).get() == bytes)
    if size > 0 {
      let failure = #expect(throws: NetFailure.self) { try read(path, limit: size - 1).get() }
      #expect(failure?.name == "EFBIG")
    }
  }

  @Test func whatCannotBeRead() throws {
    let missing = #expect(throws: NetFailure.self) { try read("\(files.path)/none").get() }
    #expect(missing == .notFound)
    let directory = #expect(throws: NetFailure.self) { try read(files.path).get() }
    #expect(directory?.name == "EISDIR")
  }

  /// Nobody writes to it, and no thread waits until somebody does.
  @Test func aPipe() throws {
    let path = try files.write("")
    unlink(path)
    try #require(mkfifo(path, 0o600) == 0)
    #expect(try read(path).get().isEmpty)
  }

  @Test func replacesOldByNew() throws {
    let path = try files.write("the old one, which is longer")
    try #require(chmod(path, 0o644) == 0)
    #expect(try replace(path, Array("new".utf8)) == nil)
    #expect(try read(path).get() == Array("new".utf8))
    var status = stat()
    try #require(stat(path, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(try replace(path, []) == nil)
    #expect(try read(path).get().isEmpty)
    #expect(try names() == ["0"], "no draft is left")
  }

  @Test func aLargeFile() throws {
    let path = try files.write("")
    let bytes = [UInt8](repeating: 7, count: 3 << 20)
    #expect(try replace(path, bytes) == nil)
    #expect(try read(path, limit: 3 << 20).get() == bytes)
  }

  @Test func whatCannotBeReplaced() throws {
    #expect(try replace("\(files.path)/none/file", [1]) == .notFound)
    let path = try files.write("")
    try #require(unlink(path) == 0 && mkdir(path, 0o700) == 0)
    #expect(try replace(path, [1])?.name == "EISDIR")
    #expect(try names() == ["0"])
    rmdir(path)
  }
}
