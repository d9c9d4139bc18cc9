import Web

/// Asks the user whether a client may act for him: who asks, where the answer goes, and what for.
struct ConsentPage {
  /// The request, for the form.
  let sealed: String
  let request: AuthorizationRequest
  let settings: BridgeSettings
  /// Whether a yes is remembered.
  let isRemembered: Bool

  var page: Page {
    Page(
      title: "Allow access?",
      body: """
        <div class="who">
        <p class="name"><bdi>\(request.client.name ?? "An application without a name")</bdi></p>
        \(badge)
        \(doubt)</div>
        <p>wants to use <strong><bdi>\(request.route.title)</bdi></strong> on your behalf.</p>
        \(warning)
        <dl>
        <dt>The answer goes to</dt>
        <dd>\(destination)</dd>
        <dt>Access to</dt>
        <dd><code>\(request.route.resource)</code></dd>
        \(scopes)<dt>You sign in at</dt>
        <dd>\(provider)</dd>
        </dl>
        <form method="post" action="\(settings.path)/consent">
        <input type="hidden" name="request" value="\(sealed)">
        <p class="actions"><button class="plain" name="action" value="deny">Deny</button>
        <button name="action" value="allow">Allow</button></p>
        </form>
        <p class="hint">\(memory)</p>
        """, brand: settings.brand, formsMayLeave: true)
  }

  /// Who vouches for the name. Anybody can publish a document, so that alone is no praise.
  private var badge: HTML {
    switch request.client.kind {
    case .document(let host): "<p class=\"badge\">Published by <strong>\(host)</strong></p>"
    case .configured: "<p class=\"badge good\">Entered by whoever runs this gateway</p>"
    case .registered: "<p class=\"badge warn\">Unverified</p>"
    }
  }

  private var doubt: HTML {
    guard request.client.kind == .registered else { return "" }
    let words =
      request.client.name == nil ? "Nobody has checked who this is." : "It calls itself so; nobody has checked that."
    return "<p class=\"hint doubt\">\(words)</p>\n"
  }

  private var destination: HTML {
    let redirect = request.redirect
    if redirect.isLoopback { return "An application on this computer (<code>\(redirect.authority)</code>)" }
    if redirect.authority.isEmpty {
      return "An application on this device that opens <code>\(redirect.scheme):</code> links"
    }
    return "<strong>\(redirect.authority)</strong>"
  }

  /// Any program can listen on loopback or claim a scheme (RFC 8252 §8.6), and anybody can register a site of his own
  /// under the name of another.
  private var warning: HTML {
    if request.redirect.scheme != "https" {
      return """
        <p class="notice"><strong>Did you just start this yourself?</strong> The answer goes to a program on this device, \
        and nobody can tell from here which one. If you did not just start a sign-in in an application here, deny.</p>

        """
    }
    guard request.client.kind == .registered else { return "" }
    return """
      <p class="notice"><strong>Do you trust \(request.redirect.authority)?</strong> Whoever runs that site gets the \
      access. If you did not just start a sign-in there, deny.</p>

      """
  }

  private var scopes: HTML {
    guard !request.scopes.isEmpty else { return "" }
    let items: [HTML] = request.scopes.map { scope in
      if let words = Self.explanations[scope] { return "<li>\(words)</li>\n" }
      return "<li><code>\(scope)</code></li>\n"
    }
    return "<dt>Permissions</dt>\n<dd><ul>\n\(items)</ul></dd>\n"
  }

  private static let explanations = [
    "openid": "Know who you are", "profile": "See your name and profile", "email": "See your e-mail address",
    "address": "See your postal address", "phone": "See your telephone number",
    "offline_access": "Keep its access while you are away",
  ]

  private var provider: HTML {
    "<strong>\(WebURL(settings.provider.issuer)?.authority ?? settings.provider.issuer)</strong>, on the next page"
  }

  private var memory: HTML {
    guard isRemembered else { return "You are asked each time this application connects." }
    let days = settings.consentLifetime / 86_400
    let time = days > 1 ? "\(days) days" : "\(max(1, settings.consentLifetime / 3600)) hours"
    return "If you allow it, this browser remembers that for up to \(time)."
  }
}
