/* Makes JWTs, one a line.

     sign KEY HEADER CLAIMS FIRST COUNT

   KEY is a private key in PEM: RSA signs by RS256, P-256 by ES256. HEADER and CLAIMS are JSON; wherever CLAIMS have
   `########`, they get the number of the token, with eight digits. A million tokens by ES256 are made in a minute. */

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 16 * 1024, DIGITS = 8, LONGEST_SIGNATURE = 1024, COORDINATE = 32 };

static void fail(const char *what) {
  fprintf(stderr, "sign: %s\n", what);
  ERR_print_errors_fp(stderr);
  exit(1);
}

static EVP_PKEY *read_key(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file) fail("cannot open the key");
  EVP_PKEY *key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
  if (!key) fail("cannot read the key");
  fclose(file);
  return key;
}

/* JWS wants both numbers side by side (RFC 7518 3.4), OpenSSL makes DER. */
static size_t concatenate(unsigned char *signature, size_t length) {
  const unsigned char *der = signature;
  ECDSA_SIG *numbers = d2i_ECDSA_SIG(NULL, &der, (long)length);
  if (!numbers || BN_bn2binpad(ECDSA_SIG_get0_r(numbers), signature, COORDINATE) < 0 ||
      BN_bn2binpad(ECDSA_SIG_get0_s(numbers), signature + COORDINATE, COORDINATE) < 0)
    fail("the signature is not one of P-256");
  ECDSA_SIG_free(numbers);
  return 2 * COORDINATE;
}

/* Returns the end of what it has written. */
static char *put_base64url(char *to, const void *bytes, size_t length) {
  EVP_EncodeBlock((unsigned char *)to, bytes, (int)length);
  for (; *to && *to != '='; to++)
    *to = *to == '+' ? '-' : *to == '/' ? '_' : *to;
  return to;
}

static void number_claims(char *claims, long number) {
  for (char *place = claims; (place = strstr(place, "########")); place += DIGITS) {
    char digits[32];
    snprintf(digits, sizeof digits, "%08ld", number);
    memcpy(place, digits, DIGITS);
  }
}

int main(int count_of_arguments, char **arguments) {
  if (count_of_arguments != 6) fail("usage: sign KEY HEADER CLAIMS FIRST COUNT");
  EVP_PKEY *key = read_key(arguments[1]);
  size_t header_length = strlen(arguments[2]), claims_length = strlen(arguments[3]);
  if (header_length + claims_length >= LONGEST) fail("too long");
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  static char token[4 * LONGEST], claims[LONGEST];
  char *payload = put_base64url(token, arguments[2], header_length);
  *payload++ = '.';
  long first = atol(arguments[4]), count = atol(arguments[5]);
  for (long number = first; number < first + count; number++) {
    unsigned char signature[LONGEST_SIGNATURE];
    size_t length = sizeof signature;
    memcpy(claims, arguments[3], claims_length + 1);
    number_claims(claims, number);
    char *end = put_base64url(payload, claims, claims_length);
    if (EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) != 1 ||
        EVP_DigestSign(context, signature, &length, (unsigned char *)token, (size_t)(end - token)) != 1)
      fail("cannot sign");
    if (EVP_PKEY_is_a(key, "EC")) length = concatenate(signature, length);
    *end++ = '.';
    end = put_base64url(end, signature, length);
    *end++ = '\n';
    if (fwrite(token, 1, (size_t)(end - token), stdout) != (size_t)(end - token)) fail("cannot write");
  }
  if (fflush(stdout) != 0) fail("cannot write");
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return 0;
}
