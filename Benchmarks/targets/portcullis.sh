# Portcullis with every check on, for a side-by-side harness that sets ports, keys and issuer in env.sh.
# PORTCULLIS is the program, PORTCULLIS_CACHE the setting of the token cache.
. "$(dirname "$0")/../env.sh"
cat >"$TARGET_RUN/portcullis.yaml" <<Y
public_url: https://gw.example.com
allowed_hosts: ["localhost", "127.0.0.1:$HTTP_PORT", "127.0.0.1:$HTTPS_PORT"]
listeners:
  - address: 127.0.0.1:$HTTP_PORT
    backlog: 4096
  - address: 127.0.0.1:$HTTPS_PORT
    backlog: 4096
    tls:
      min_version: "1.3"
      certificates:
        - certificate: $KEYS/tls.crt
          key: $KEYS/tls.key
limits:
  connections: 15000
routes:
  - path: /mcp
    upstream:
      url: http://127.0.0.1:$BACKEND_PORT/mcp
      max_connections: 12000
    authorization:
      issuer: $JWT_ISS
      jwks_file: $KEYS/jwks.json
      allowed_audience: ["$JWT_AUD"]
      allowed_scopes: ["mcp:tools"]
      ${PORTCULLIS_CACHE:-token_cache_entries: 65536}
timeouts:
  keep_alive: 1h
log:
  access: false
Y
exec $WRAP "${PORTCULLIS:-portcullis}" serve --config "$TARGET_RUN/portcullis.yaml"
