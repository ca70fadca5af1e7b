// libzstd (RFC 8878), of which frames are written and read.
#ifndef ENVSYNC_CZSTD_SHIM_H
#define ENVSYNC_CZSTD_SHIM_H

#include <zstd.h>

#endif
