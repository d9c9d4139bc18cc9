import Testing

@testable import Configuration

struct CertificateSubjectTests {
  @Test(arguments: [
    "CN=agent-7", "CN=agent-7,O=Example", "CN=agent 7,OU=a+OU=b,O=Example\\, Inc.,C=DE", "UID=1,DC=example,DC=com",
    "1.2.840.113549.1.9.1=#1603613162", "CN=Zoë", "CN=", "CN=\\ a\\ ", "OU=\\#x",
    "emailAddress=a@example.com,CN=a=b",
  ])
  func accepts(text: String) {
    #expect(CertificateSubject.isValid(text))
  }

  @Test(arguments: [
    "", "agent-7", "/O=Example/CN=agent-7", "O=Example, CN=agent-7", "O = Example", "CN= a", "CN=a ", "CN=a,",
    "CN=a,,O=b", "=a", "CN=\"a\"", "CN=a;O=b", "CN=a\\", "CN=a\\4", "CN=a\\4x", "CN=a\nO=b",
    "subject=CN=a",
    "CN=\(String(repeating: "a", count: 2046))",
  ])
  func refuses(text: String) {
    #expect(!CertificateSubject.isValid(text))
  }
}
