internal import Web

/// Asks who the user is.
struct SignInPage {
  let transactionID: String
  let transaction: AuthorizationTransaction
  let users: [DemoUser]
  /// Whether the last attempt was wrong.
  var hasFailed = false

  var page: Page {
    let alert: HTML =
      hasFailed ? "<p class=\"alert\" role=\"alert\">That user name and password do not match.</p>" : ""
    let hints: [HTML] = users.map {
      "<li><code>\($0.name)</code> with password <code>\($0.password)</code></li>\n"
    }
    return Page(
      title: "Sign in",
      body: """
        \(alert)
        <form method="post" action="/authorize">
        \(transaction.hiddenFields(id: transactionID))
        <label for="username">User name</label>
        <input id="username" name="username" autocomplete="username" autocapitalize="none" \
        spellcheck="false" required autofocus>
        <label for="password">Password</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required>
        <p class="actions"><button name="action" value="sign_in">Sign in</button></p>
        </form>
        <div class="hint">
        <p>This is a demonstration. Its users are:</p>
        <ul>
        \(hints)</ul>
        </div>
        """)
  }
}

extension AuthorizationTransaction {
  /// What ties a form to this transaction.
  func hiddenFields(id: String) -> HTML {
    """
    <input type="hidden" name="transaction" value="\(id)">
    <input type="hidden" name="csrf_token" value="\(csrfToken)">
    """
  }
}
