internal import Web

/// Asks the user whether a client may have what it wants.
struct ConsentPage {
  let transactionID: String
  let transaction: AuthorizationTransaction
  let user: DemoUser

  var page: Page {
    let request = transaction.request
    let isKnown = request.client.secret != nil
    let client: HTML =
      switch request.client.name {
      case let name? where isKnown: "<strong>\(name)</strong>"
      case let name?: "An application that calls itself <strong>\(name)</strong>"
      case nil: "An application <strong>without a name</strong>"
      }
    let origin: HTML =
      isKnown
      ? "An administrator has registered this application. Your answer goes to"
      : "Nobody has verified this application. Your answer goes to"
    let scopes: [HTML] = request.scopes.map { "<li>\($0.explanation)</li>\n" }
    return Page(
      title: "Allow access?",
      body: """
        <p>\(client) asks to:</p>
        <ul>
        \(scopes)</ul>
        <dl>
        <dt>\(origin)</dt>
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
