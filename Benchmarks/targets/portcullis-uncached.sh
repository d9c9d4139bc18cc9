# Portcullis without a token cache: every token is verified each time.
export PORTCULLIS_CACHE="token_cache_entries: 0"
. "$(dirname "$0")/portcullis.sh"
