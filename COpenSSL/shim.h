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
#include <openssl/kdf.h>
#include <openssl/ocsp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* EVP_PKEY_PUBLIC_KEY is a macro over other macros. */
static inline int pc_evp_public_key(void) { return EVP_PKEY_PUBLIC_KEY; }

/* Names that OSSL_PARAM_BLD keeps by reference: as macros they reach Swift as Strings, which live for one call. */
static inline const char *pc_param_rsa_n(void) { return OSSL_PKEY_PARAM_RSA_N; }
static inline const char *pc_param_rsa_e(void) { return OSSL_PKEY_PARAM_RSA_E; }
static inline const char *pc_param_group(void) { return OSSL_PKEY_PARAM_GROUP_NAME; }
static inline const char *pc_param_public_key(void) { return OSSL_PKEY_PARAM_PUB_KEY; }

/* TLS contexts: SSL_CTX_ctrl in the clothes of macros. */
static inline uint64_t pc_tls_options(void) {
  return SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;
}
static inline int pc_ctx_set_versions(SSL_CTX *context, int lowest) {
  return SSL_CTX_set_min_proto_version(context, lowest) && SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION);
}
static inline void pc_ctx_set_mode(SSL_CTX *context) {
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}
static inline int pc_ctx_set_groups(SSL_CTX *context, const char *list) { return (int)SSL_CTX_set1_groups_list(context, list); }
static inline int pc_ctx_set_sigalgs(SSL_CTX *context, const char *list) { return (int)SSL_CTX_set1_sigalgs_list(context, list); }
static inline void pc_ctx_set_session_cache_mode(SSL_CTX *context, long mode) { SSL_CTX_set_session_cache_mode(context, mode); }
static inline void pc_ctx_set_timeout(SSL_CTX *context, long seconds) { (void)!SSL_CTX_set_timeout(context, seconds); }
static inline void pc_ctx_set_max_cert_list(SSL_CTX *context, long bytes) { SSL_CTX_set_max_cert_list(context, bytes); }
static inline int pc_ctx_add_chain_certificate(SSL_CTX *context, X509 *certificate) {
  return (int)SSL_CTX_add1_chain_cert(context, certificate);
}
static inline void pc_ctx_set_servername_callback(SSL_CTX *context, int (*callback)(SSL *, int *, void *)) {
  SSL_CTX_set_tlsext_servername_callback(context, callback);
}
static inline void pc_ctx_set_status_callback(SSL_CTX *context, int (*callback)(SSL *, void *)) {
  SSL_CTX_set_tlsext_status_cb(context, callback);
}

/* TLS connections. */
static inline int pc_ssl_set_host_name(SSL *ssl, const char *name) { return (int)SSL_set_tlsext_host_name(ssl, name); }
static inline void pc_ssl_request_status(SSL *ssl) { SSL_set_tlsext_status_type(ssl, TLSEXT_STATUSTYPE_ocsp); }
/* The connection frees what it is given: a copy. */
static inline int pc_ssl_set_status(SSL *ssl, const void *response, long length) {
  void *copy = OPENSSL_memdup(response, (size_t)length);
  if (copy == NULL) return 0;
  return (int)SSL_set_tlsext_status_ocsp_resp(ssl, copy, length);
}
static inline long pc_ssl_status(SSL *ssl, const unsigned char **response) { return SSL_get_tlsext_status_ocsp_resp(ssl, response); }
static inline void pc_bio_want_read(BIO *bio) { BIO_set_retry_read(bio); }
static inline void pc_bio_clear_retry(BIO *bio) { BIO_clear_retry_flags(bio); }
/* SSL_R_TLSV1_ALERT_… are the alert's number above this. */
static inline int pc_alert_reason_base(void) { return SSL_AD_REASON_OFFSET; }
static inline int pc_error_library(unsigned long code) { return ERR_GET_LIB(code); }
static inline int pc_error_reason(unsigned long code) { return ERR_GET_REASON(code); }
static inline unsigned long pc_name_flags(void) { return XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB; }

/* The MAC of a session ticket: HMAC-SHA-256. */
static inline int pc_ticket_mac(EVP_MAC_CTX *mac, const void *key, size_t length) {
  OSSL_PARAM parameters[3];
  parameters[0] = OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)key, length);
  parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
  parameters[2] = OSSL_PARAM_construct_end();
  return EVP_MAC_CTX_set_params(mac, parameters);
}

/* Stacks are typed by macros. */
static inline int pc_general_names_count(const GENERAL_NAMES *names) { return sk_GENERAL_NAME_num(names); }
static inline GENERAL_NAME *pc_general_name(const GENERAL_NAMES *names, int index) { return sk_GENERAL_NAME_value(names, index); }

#endif
