/// Asks the user whether a client may have what it wants.
struct ConsentPage {
  let transactionID: String
  let transaction: AuthorizationTransaction
  let user: DemoUser

  var page: Page {
    let request = transaction.request
    let client: HTML =
      if let name = request.client.name {
        "An application that calls itself <strong>\(name)</strong>"
      } else {
        "An application <strong>without a name</strong>"
      }
    let scopes: [HTML] = request.scopes.map { "<li>\($0.explanation)</li>\n" }
    return Page(
      title: "Allow access?",
      body: """
        <p>\(client) asks to:</p>
        <ul>
        \(scopes)</ul>
        <dl>
        <dt>Nobody has verified this application. Your answer goes to</dt>
        <dd><strong>\(request.redirect.destination)</strong></dd>
        <dt>The access is for</dt>
        <dd>\(request.audience)</dd>
        <dt>Signed in as</dt>
        <dd>\(user.fullName) (\(user.name))</dd>
        </dl>
        <form method="post" action="/authorize">
        \(transaction.hiddenFields(id: transactionID))
        <p class="actions"><button name="action" value="allow">Allow</button>
        <button class="plain" name="action" value="deny">Deny</button></p>
        <p class="actions">\
        <button class="plain" name="action" value="switch_user">Use another account</button></p>
        </form>
        """, formsMayLeave: true)
  }
}
