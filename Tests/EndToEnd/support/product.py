"""The form of the tables under `providers/`: what an identity product publishes and issues, and what becomes of it."""

from dataclasses import dataclass, field, replace
from typing import Any

# Where all routes of the tables are; each lies at the product's name.
PUBLIC_URL = "https://mcp.example.com"

# Stand for what depends on the numbers of a key: its certificate, and the certificate's SHA-1 and SHA-256.
X5C = "(certificate)"
X5T = "(SHA-1 of the certificate)"
X5T_S256 = "(SHA-256 of the certificate)"


def resource(name: str) -> str:
    """The URL of a product's route: what clients send as `resource`."""
    return f"{PUBLIC_URL}/{name}"


@dataclass(frozen=True)
class Key:
    """An RSA key of a published set. `kty`, `n` and `e` are made at run time; `members` stand beside them."""

    kid: str
    members: dict[str, Any] = field(default_factory=dict)

    @property
    def signs(self) -> bool:
        return self.members.get("use") == "sig"


@dataclass(frozen=True)
class Token:
    """A token as the product makes it. `iat`, `nbf`, `exp` and `auth_time` are seconds from now."""

    claims: dict[str, Any]
    # Beside `alg` (RS256) and `kid` (of the product's first key that signs).
    header: dict[str, Any] = field(default_factory=dict)
    # Signed with a key that the product does not publish.
    foreign: bool = False

    def but(self, header: dict[str, Any] | None = None, foreign: bool | None = None, **claims: Any) -> "Token":
        """The same with changes; None leaves a claim or a member of the header out."""
        return replace(
            self,
            claims={**self.claims, **claims},
            header={**self.header, **(header or {})},
            foreign=self.foreign if foreign is None else foreign,
        )


@dataclass(frozen=True)
class Accepted:
    """A good token, and who it says to be from."""

    name: str
    token: Token
    subject: str | None
    client: str | None
    scopes: str | None

    status = 200
    reason = None


@dataclass(frozen=True)
class Refused:
    """A token that must not pass; a string is sent as it is."""

    name: str
    token: Token | str
    reason: str
    # The whole `detail` of the access record; None where the form of the token leaves nothing to say.
    found: str | None = None
    wanted: str | None = None
    # Words of what `explain` says can be done about it.
    remedy: str = ""

    @property
    def status(self) -> int:
        return 403 if self.reason == "insufficient_scope" else 401

    @property
    def detail(self) -> str | None:
        return None if self.found is None else f"found {self.found}; wanted {self.wanted}"


@dataclass(frozen=True)
class Finding:
    """What `check` says: `warning` or `error`, about which key of `authorization`, and words of what it says."""

    severity: str
    key: str
    words: str


@dataclass(frozen=True)
class Mistake:
    """A configuration that people write, and what `check` says about it. None leaves a key out."""

    name: str
    changes: dict[str, Any]
    findings: list[Finding]


@dataclass(frozen=True)
class Product:
    """One route that trusts one product. All URLs are the real ones."""

    name: str
    # Documents and key sets by the URLs where the product has them.
    metadata: dict[str, dict[str, Any]]
    keys: dict[str, list[Key]]
    # One entry or several.
    authorization: dict[str, Any] | list[dict[str, Any]]
    # `scope` of the challenge.
    challenge_scope: str | None
    resource_metadata: dict[str, Any]
    # Neighbouring lines of `check --expand`, without their indentation.
    expanded: list[list[str]]
    user: Token
    cases: list[Accepted | Refused]
    findings: list[Finding] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def entries(self) -> list[dict[str, Any]]:
        return self.authorization if isinstance(self.authorization, list) else [self.authorization]


def claim_rule(name: str, kind: str, operator: str, value: str) -> dict[str, Any]:
    """An entry of `custom_claims` about one string."""
    return {
        "inbound_token_claim_name": name,
        "inbound_token_claim_value_type": kind,
        "authorizing_claim_match_value": {
            "claim_match_operator": operator,
            "claim_match_value": {"match_value_string": value},
        },
    }
