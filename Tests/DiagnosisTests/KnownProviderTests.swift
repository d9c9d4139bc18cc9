import Configuration
import Testing

@testable import Diagnosis

struct KnownProviderTests {
  @Test(arguments: [
    ("https://login.microsoftonline.com/t/v2.0", ProviderPreset.entra), ("https://sts.windows.net/t/", .entra),
    ("https://a.okta.com/oauth2/default", .okta), ("https://t.eu.auth0.com/", .auth0),
    ("https://cognito-idp.eu-west-1.amazonaws.com/p", .cognito), ("https://accounts.google.com", .google),
    ("https://sso.example.com/realms/x", .keycloak), ("https://auth.pingone.eu/e/as", .ping),
    ("https://x.authkit.app", .workos), ("https://api.descope.com/P1", .descope),
    ("https://okta.com.example.org", .generic), ("urn:x", .generic),
  ])
  func issuersShowTheProduct(_ issuer: String, _ provider: ProviderPreset) {
    #expect(KnownProvider.guess(issuer) == provider)
  }
}
