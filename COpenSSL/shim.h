/* OpenSSL for Swift: what the Clang importer cannot see (macros), as static inline functions. Nothing else. */
#ifndef PORTCULLIS_COPENSSL_H
#define PORTCULLIS_COPENSSL_H

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>

/* EVP_PKEY_PUBLIC_KEY is a macro over other macros. */
static inline int pc_evp_public_key(void) { return EVP_PKEY_PUBLIC_KEY; }

/* Names that OSSL_PARAM_BLD keeps by reference: as macros they reach Swift as Strings, which live for one call. */
static inline const char *pc_param_rsa_n(void) { return OSSL_PKEY_PARAM_RSA_N; }
static inline const char *pc_param_rsa_e(void) { return OSSL_PKEY_PARAM_RSA_E; }
static inline const char *pc_param_group(void) { return OSSL_PKEY_PARAM_GROUP_NAME; }
static inline const char *pc_param_public_key(void) { return OSSL_PKEY_PARAM_PUB_KEY; }

#endif
