"""An issuer made of files: its keys, their JWK set, the discovery document, and access tokens."""

import base64
import itertools
import json
import os
import subprocess
import time
from pathlib import Path
from typing import BinaryIO

from processes import Failure, compile_program

# An MCP client's token; with RS256 it has about 950 bytes.
CLAIMS = {
    "ver": 1, "client_id": "0oa9kq2xw7Hc5TzbR5d7", "uid": "00u7f3kdQm5d7aTz", "scope": "openid profile mcp:tools",
    "acr": "urn:mace:incommon:iap:silver", "sid": "S-9a1c5e7b3d2f4a68", "groups": ["everyone", "engineering", "on-call"],
}  # fmt: skip
KEYS = {
    "RS256": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
}


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Issuer:
    def __init__(self, folder: Path, url: str, audience: str):
        """Writes the documents below `folder`, where `url` is to find them, and the public keys for who reads files."""
        self.folder, self.url, self.audience = folder, url, audience
        self.begin = int(time.time())
        self.program = compile_program(folder, "sign")
        for algorithm, options in KEYS.items():
            self.openssl("genpkey", *options, "-out", self.key(algorithm))
            self.openssl("pkey", "-in", self.key(algorithm), "-pubout", "-out", folder / f"{algorithm}.public.pem")
        (folder / "jwks.json").write_text(json.dumps({"keys": [self.rsa_jwk(), self.ec_jwk()]}))
        (folder / ".well-known").mkdir()
        document = {"issuer": url, "jwks_uri": f"{url}/jwks.json"}
        (folder / ".well-known" / "openid-configuration").write_text(json.dumps(document))

    def token(self, algorithm: str) -> str:
        return self.sign(algorithm, 0, 1).communicate()[0].strip()

    def write_tokens(self, path: Path, algorithm: str, count: int) -> None:
        """Different ones, all of them good for a day, one a line. All cores sign: each writes its share of the file, as
        tokens of one algorithm have the same length."""
        line, cores = len(self.token(algorithm)) + 1, os.cpu_count() or 1
        bounds = [count * number // cores for number in range(cores + 1)]
        path.touch()
        signers = []
        for core, (first, end) in enumerate(itertools.pairwise(bounds)):
            with path.open("r+b") as part:
                part.seek(first * line)
                signers.append(self.sign(algorithm, first, end - first, part, core))
        if any(signer.wait() for signer in signers) or path.stat().st_size != count * line:
            raise Failure("tokens could not be signed, see above")

    def sign(
        self, algorithm: str, first: int, count: int, output: BinaryIO | int = subprocess.PIPE, core: int = 0
    ) -> subprocess.Popen[str]:
        header = {"alg": algorithm, "kid": f"bench-{algorithm}", "typ": "at+jwt"}
        texts = [json.dumps(members, separators=(",", ":")) for members in (header, self.claims())]
        command = [str(self.program), str(self.key(algorithm)), *texts, str(first), str(count)]
        bound = ["setpriv", "--pdeathsig", "KILL", "taskset", "-c", str(core), *command]
        return subprocess.Popen(bound, stdout=output, text=True)

    def claims(self) -> dict[str, object]:
        """The program puts the number of the token in the place of the `#`."""
        return {
            "iss": self.url, "aud": self.audience, "sub": "user########@example.com",
            "jti": "AT.x2TqGh8-Lw########nVfR0cYpZs7dKjUe3", "iat": self.begin, "exp": self.begin + 86_400,
            "auth_time": self.begin, **CLAIMS,
        }  # fmt: skip

    def rsa_jwk(self) -> dict[str, str]:
        modulus = self.openssl("rsa", "-in", self.key("RS256"), "-noout", "-modulus").decode().strip()
        n = b64url(bytes.fromhex(modulus.removeprefix("Modulus=")))
        return {"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "bench-RS256", "n": n, "e": "AQAB"}

    def ec_jwk(self) -> dict[str, str]:
        """The encoded key ends with its point: both coordinates, 32 bytes each."""
        point = self.openssl("pkey", "-in", self.key("ES256"), "-pubout", "-outform", "DER")[-64:]
        x, y = b64url(point[:32]), b64url(point[32:])
        return {"kty": "EC", "use": "sig", "alg": "ES256", "kid": "bench-ES256", "crv": "P-256", "x": x, "y": y}

    def key(self, algorithm: str) -> Path:
        return self.folder / f"{algorithm}.private.pem"

    @staticmethod
    def openssl(*arguments: str | Path) -> bytes:
        return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def forged(token: str) -> str:
    """The same token with another signature, in the right form and of the right length."""
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{signature[:20]}{'A' if signature[20] != 'A' else 'B'}{signature[21:]}"
