"""Google: opaque access tokens; only the JWTs that service accounts ask for by audience can be checked."""

from support.product import Accepted, Finding, Key, Mistake, Product, Refused, Token, claim_rule, resource

ISSUER = "https://accounts.google.com"
DISCOVERY = f"{ISSUER}/.well-known/openid-configuration"
KEYS = "https://www.googleapis.com/oauth2/v3/certs"
ACCOUNT = "agent@example.iam.gserviceaccount.com"
NUMBER = "100000000000000000001"
CLIENT = "1000000000001-example.apps.googleusercontent.com"

METADATA = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/o/oauth2/v2/auth",
    "device_authorization_endpoint": "https://oauth2.googleapis.com/device/code",
    "token_endpoint": "https://oauth2.googleapis.com/token",
    "userinfo_endpoint": "https://openidconnect.googleapis.com/v1/userinfo",
    "revocation_endpoint": "https://oauth2.googleapis.com/revoke",
    "jwks_uri": KEYS,
    "response_types_supported": ["code", "token", "id_token", "code token", "code id_token", "none"],
    "subject_types_supported": ["public"],
    "id_token_signing_alg_values_supported": ["RS256"],
    "scopes_supported": ["openid", "email", "profile"],
    "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    "claims_supported": ["aud", "email", "email_verified", "exp", "iat", "iss", "name", "sub"],
    "code_challenge_methods_supported": ["plain", "S256"],
    "grant_types_supported": ["authorization_code", "refresh_token"],
}

SERVICE_TOKEN = Token(
    {
        "aud": resource("google"),
        "azp": NUMBER,
        "email": ACCOUNT,
        "email_verified": True,
        "exp": 3600,
        "iat": 0,
        "iss": ISSUER,
        "sub": NUMBER,
    },
    {"typ": "JWT"},
)
ID_TOKEN = Token(
    {
        "iss": ISSUER,
        "azp": CLIENT,
        "aud": CLIENT,
        "sub": "100000000000000000002",
        "hd": "example.com",
        "email": "alice@example.com",
        "email_verified": True,
        "at_hash": "c2FtcGxlLWF0LWhhc2g",
        "nonce": "n-1",
        "iat": 0,
        "exp": 3600,
    },
    {"typ": "JWT"},
)
OPAQUE = "ya29.a0AfExampleExampleExampleExampleExampleExampleExampleExample-0163"
OPAQUE_WARNING = Finding("warning", "provider", "access tokens are opaque and cannot be introspected")

GOOGLE = Product(
    name="google",
    metadata={DISCOVERY: METADATA},
    keys={
        KEYS: [
            Key("0123456789abcdef0123456789abcdef01234567", {"use": "sig", "alg": "RS256"}),
            Key("89abcdef0123456789abcdef0123456789abcdef", {"use": "sig", "alg": "RS256"}),
        ]
    },
    authorization={
        "provider": "google",
        "issuer": ISSUER,
        "discovery_url": DISCOVERY,
        "allowed_audience": [resource("google")],
        "custom_claims": [claim_rule("email", "STRING", "EQUALS", ACCOUNT)],
    },
    challenge_scope=None,
    resource_metadata={
        "resource": resource("google"),
        "authorization_servers": [ISSUER],
        "bearer_methods_supported": ["header"],
    },
    expanded=[
        [f"issuer: {ISSUER}"],
        ["client_id_claims:", "- azp"],
        ["scope_claims:", "- scope", "- scp", "- roles", "- permissions"],
    ],
    user=SERVICE_TOKEN,
    cases=[
        Accepted("service account", SERVICE_TOKEN, NUMBER, NUMBER, None),
        Refused("access token", OPAQUE, "opaque_token", remedy="This is an access token of Google: it is opaque"),
        Refused(
            "ID token", ID_TOKEN, "wrong_audience", f"aud {CLIENT}", resource("google"), "because this is an ID token"
        ),
        Refused(
            "ID token with the audience",
            ID_TOKEN.but(aud=resource("google")),
            "not_an_access_token",
            "claims nonce, at_hash",
            "an access token",
            "This is an ID token",
        ),
        Refused("expired", SERVICE_TOKEN.but(iat=-7200, exp=-3600), "expired", remedy="Ask for a new one"),
        Refused(
            "asked for with another audience",
            SERVICE_TOKEN.but(aud="https://other.example.com"),
            "wrong_audience",
            "aud https://other.example.com",
            resource("google"),
            "add it to allowed_audience",
        ),
        Refused(
            "another service account",
            SERVICE_TOKEN.but(email="other@stranger.iam.gserviceaccount.com", sub="1009", azp="1009"),
            "claim_mismatch",
            "email other@stranger.iam.gserviceaccount.com",
            f"email EQUALS {ACCOUNT}",
            "or change the rule",
        ),
        Refused(
            "without email",
            SERVICE_TOKEN.but(email=None, email_verified=None),
            "claim_mismatch",
            "email (absent)",
            f"email EQUALS {ACCOUNT}",
            "The token has no email",
        ),
        Refused(
            "issuer without its scheme",
            SERVICE_TOKEN.but(iss="accounts.google.com"),
            "wrong_issuer",
            "iss accounts.google.com",
            ISSUER,
            "The token is from accounts.google.com",
        ),
    ],
    findings=[OPAQUE_WARNING],
    mistakes=[
        Mistake(
            "introspection",
            {"introspection": {"client_id": "gateway", "private_key": "/etc/portcullis/key.pem"}},
            [Finding("error", "introspection", "Google has no introspection endpoint")],
        ),
        Mistake("neither issuer nor document", {"issuer": None, "discovery_url": None}, [OPAQUE_WARNING]),
    ],
)
