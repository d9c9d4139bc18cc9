import Configuration
import Glibc
import Testing

struct TextFileTests {
  /// Calls `body` with the path of a temporary file that holds `bytes`.
  private func withFile(_ bytes: [UInt8], _ body: (String) -> Void) throws {
    var template = Array("/tmp/portcullis-test-XXXXXX".utf8CString)
    let descriptor = mkstemp(&template)
    try #require(descriptor >= 0)
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    defer {
      close(descriptor)
      unlink(path)
    }
    try #require(write(descriptor, bytes, bytes.count) == bytes.count)
    body(path)
  }

  private func outcome(_ path: String) -> Result<String, TextFileError> {
    Result { () throws(TextFileError) in try TextFile.read(path) }
  }

  @Test func readsText() throws {
    try withFile(Array("ä: b\n".utf8)) { #expect(outcome($0) == .success("ä: b\n")) }
    try withFile([]) { #expect(outcome($0) == .success("")) }
    let long = String(repeating: "x", count: 100_000)
    try withFile(Array(long.utf8)) { #expect(outcome($0) == .success(long)) }
  }

  @Test func refusesWhatIsNotText() throws {
    try withFile([0x61, 0xFF]) { #expect(outcome($0) == .failure(TextFileError(reason: "not valid UTF-8"))) }
    let tooLong = TextFileError(reason: "larger than 1048576 bytes")
    try withFile([UInt8](repeating: 0x61, count: TextFile.sizeLimit + 1)) {
      #expect(outcome($0) == .failure(tooLong))
    }
    #expect(outcome("/dev/zero") == .failure(tooLong))
  }

  @Test func saysWhyAFileCannotBeRead() {
    #expect(outcome("/nonexistent/x") == .failure(TextFileError(reason: "No such file or directory")))
    #expect(outcome("/") == .failure(TextFileError(reason: "Is a directory")))
  }

  @Test func theSystemLoaderReadsEnvironmentAndFiles() throws {
    try withFile(Array("loaded\n".utf8)) { path in
      let text = Fixture.minimal + "    metadata: {resource_name: '${file:\(path)} ${PATH}'}\n"
      let result = ConfigurationLoader.system.load(text: text, file: "x.yaml")
      let name = result.configuration?.routes.first?.metadata?.resourceName
      #expect(name == getenv("PATH").map { "loaded \(String(cString: $0))" })
    }
  }
}
