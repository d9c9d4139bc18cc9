import Testing

@testable import Configuration

struct AddressRangeFormatTests {
  private func fault(_ text: String) -> Fault? {
    do throws(Fault) {
      try AddressRangeFormat.check(text)
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    "unix", "192.0.2.7", "192.0.2.7/32", "10.0.0.0/8", "10.128.0.0/9", "0.0.0.0/0", "::", "::1", "fd00::/8",
    "2001:db8:8000::/33", "2001:DB8::1", "::1/128", "::/0",
  ])
  func accepts(text: String) {
    #expect(fault(text) == nil)
  }

  @Test(arguments: [
    ("10.1.2.3/8", "Write 10.0.0.0/8, or 10.1.2.3 for this one address."),
    ("10.0.0.1/31", "Write 10.0.0.0/31, or 10.0.0.1 for this one address."),
    ("1.0.0.0/0", "Write 0.0.0.0/0, or 1.0.0.0 for this one address."),
    ("2001:db8:8000::/32", "Write 2001:db8::/32, or 2001:db8:8000:: for this one address."),
    ("fd00::1/64", "Write fd00::/64, or fd00::1 for this one address."),
    ("::ffff:10.0.0.0/104", "Write 10.0.0.0/8."),
    ("::ffff:192.0.2.7", "Write 192.0.2.7."),
    ("10.0.0.0/33", "Give a number from 0 to 32 after the slash, or leave both out for one address."),
    ("::/129", "Give a number from 0 to 128 after the slash, or leave both out for one address."),
    ("10.0.0.0/", "Give a number from 0 to 32 after the slash, or leave both out for one address."),
    ("10.0.0.0/08", "Give a number from 0 to 32 after the slash, or leave both out for one address."),
    ("10.0.0.0/+8", "Give a number from 0 to 32 after the slash, or leave both out for one address."),
    ("10.0.0.0/8/8", "Give a number from 0 to 32 after the slash, or leave both out for one address."),
  ])
  func namesTheCorrection(text: String, remedy: String) {
    #expect(fault(text)?.remedy == remedy)
  }

  @Test(arguments: [
    "", "/8", "10/8", "10.0.0/24", "010.0.0.0/8", "10.0.0.0:80", "[::1]", "fe80::1%eth0", "localhost", "unix:/run/a",
    "UNIX", "*", "10.0.0.1-10.0.0.9", "10.0.0.0\0/8", "10.0.0.0 /8",
  ])
  func refuses(text: String) {
    #expect(fault(text)?.message.hasPrefix("expected an address, a range of addresses or unix, found ") == true)
  }
}
