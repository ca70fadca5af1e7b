// libzstd (RFC 8878), of which one call is used: a block becomes a frame of its own.
#ifndef ENVSYNC_CZSTD_SHIM_H
#define ENVSYNC_CZSTD_SHIM_H

#include <zstd.h>

#endif
