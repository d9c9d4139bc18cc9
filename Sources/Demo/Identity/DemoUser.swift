/// Someone who can sign in to the demonstration. The password is shown on the sign-in page.
package struct DemoUser: Sendable {
  /// What is typed to sign in, and the subject of the tokens.
  package let name: String
  package let password: String
  package let fullName: String
  package let email: String

  package init(name: String, password: String, fullName: String, email: String) {
    self.name = name
    self.password = password
    self.fullName = fullName
    self.email = email
  }

  package static let samples = [
    DemoUser(name: "alice", password: "alice-demo", fullName: "Alice Example", email: "alice@example.com"),
    DemoUser(name: "bob", password: "bob-demo", fullName: "Bob Example", email: "bob@example.com"),
  ]
}
