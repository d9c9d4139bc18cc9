"""Identity products, a module each: what they publish and issue, by their documentation and by reports of others."""

from providers import auth0, authentik, cognito, descope, entra, generic, google, keycloak, okta, ping, workos
from support.product import Product

PRODUCTS: list[Product] = [
    okta.OKTA,
    entra.ENTRA,
    entra.VERSION_1,
    entra.OWN_KEYS,
    cognito.COGNITO,
    cognito.BOUND,
    auth0.AUTH0,
    keycloak.KEYCLOAK,
    google.GOOGLE,
    ping.PING,
    workos.WORKOS,
    descope.DESCOPE,
    generic.GENERIC,
    authentik.AUTHENTIK,
]
