/// A page of the provider: one column, no scripts, no outside resources.
struct Page {
  let title: String
  let body: HTML
  var status = 200
  /// Whether sending a form of this page may end in the client's application. Chromium applies `form-action`
  /// to every redirect that follows, also to those of the application, so there is no list of targets that
  /// would be right.
  var formsMayLeave = false

  func reply(_ fields: [(name: String, value: String)] = []) -> LocalReply {
    let document: HTML = """
      <!doctype html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(title) – Portcullis demo</title>
      <style>\(Self.style)</style>
      </head>
      <body>
      <main>
      <p class="brand">Portcullis demo</p>
      <h1>\(title)</h1>
      \(body)
      </main>
      </body>
      </html>

      """
    let policy =
      "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
      + (formsMayLeave ? "" : "; form-action 'self'")
    return LocalReply(
      status: status,
      fields: [
        ("content-type", "text/html; charset=utf-8"), ("content-security-policy", policy),
        ("x-frame-options", "DENY"), ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
      ] + fields,
      content: .bytes(Array(document.text.utf8)))
  }

  /// The page for a request that cannot go on.
  static func refusal(_ explanation: String, status: Int = 400) -> Page {
    Page(title: "This does not work", body: "<p role=\"alert\">\(explanation)</p>", status: status)
  }

  private static let style: HTML = """
    :root { color-scheme: light dark; --ground: #f2f4f7; --card: #fff; --ink: #1b2430; --soft: #566274;
      --line: #8a94a3; --accent: #1d5fbf; --on-accent: #fff; --alert: #b3261e; }
    @media (prefers-color-scheme: dark) { :root { --ground: #12161c; --card: #1c222b; --ink: #e8ecf2;
      --soft: #a9b4c2; --line: #6b7786; --accent: #8ab8ff; --on-accent: #0d1a2b; --alert: #ffb4ab; } }
    * { box-sizing: border-box; }
    body { margin: 0; padding: 1rem; background: var(--ground); color: var(--ink);
      font: 1rem/1.5 system-ui, sans-serif; }
    main { max-width: 26rem; margin: 6vh auto 0; padding: 1.5rem; background: var(--card);
      border-radius: .75rem; }
    h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
    p, ul, dl { margin: 0 0 1rem; }
    ul { padding-left: 1.25rem; }
    dt { margin-top: .5rem; }
    dd { margin: 0; }
    dt, .brand, .hint { color: var(--soft); font-size: .875rem; }
    strong, dd, code { overflow-wrap: anywhere; }
    label { display: block; margin-bottom: .25rem; font-weight: 600; }
    input { width: 100%; margin-bottom: 1rem; padding: .625rem; border: 1px solid var(--line);
      border-radius: .375rem; background: var(--card); color: inherit; font: inherit; }
    .actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-bottom: 1rem; }
    button { flex: 1 1 8rem; padding: .625rem 1rem; border: 1px solid var(--accent); border-radius: .375rem;
      background: var(--accent); color: var(--on-accent); font: inherit; font-weight: 600; cursor: pointer; }
    button.plain { background: transparent; color: var(--accent); }
    :focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
    .alert { color: var(--alert); font-weight: 600; }
    """
}
