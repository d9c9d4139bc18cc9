/* nghttp2 for Swift: what the Clang importer cannot see (macros), as static inline functions. Nothing else. */
#ifndef PORTCULLIS_CNGHTTP2_H
#define PORTCULLIS_CNGHTTP2_H

#include <nghttp2/nghttp2.h>

#endif
