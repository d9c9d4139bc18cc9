/* Makes JWTs: reads signing inputs, one a line, and prints each with its signature.

     sign KEY < INPUTS

   KEY is a private key in PEM: RSA signs by RS256, P-256 by ES256. Ten thousand tokens are made in seconds. */

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_LINE = 16 * 1024, LONGEST_SIGNATURE = 1024, COORDINATE = 32 };

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

static void print_base64url(const unsigned char *bytes, size_t length) {
  static unsigned char text[2 * LONGEST_SIGNATURE];
  EVP_EncodeBlock(text, bytes, (int)length);
  for (unsigned char *next = text; *next && *next != '='; next++)
    putchar(*next == '+' ? '-' : *next == '/' ? '_' : *next);
}

int main(int count_of_arguments, char **arguments) {
  if (count_of_arguments != 2) fail("usage: sign KEY < INPUTS");
  EVP_PKEY *key = read_key(arguments[1]);
  EVP_MD_CTX *context = EVP_MD_CTX_new();
  static char line[LONGEST_LINE];
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = 0;
    unsigned char signature[LONGEST_SIGNATURE];
    size_t length = sizeof signature;
    if (EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) != 1 ||
        EVP_DigestSign(context, signature, &length, (unsigned char *)line, strlen(line)) != 1)
      fail("cannot sign");
    if (EVP_PKEY_is_a(key, "EC")) length = concatenate(signature, length);
    printf("%s.", line);
    print_base64url(signature, length);
    putchar('\n');
  }
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  return 0;
}
