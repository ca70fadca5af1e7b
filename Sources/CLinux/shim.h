// Calls of Linux that Swift's Glibc doesn't have, because its C headers hide them.
#ifndef ENVSYNC_CLINUX_SHIM_H
#define ENVSYNC_CLINUX_SHIM_H

#include <fcntl.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

// Gives two files each other's names in one step (rename(2), RENAME_EXCHANGE); -1 with errno where the file system can't.
static inline int clinux_exchange(const char *first, const char *second) {
    const unsigned int exchange = 1u << 1;
    return (int)syscall(SYS_renameat2, AT_FDCWD, first, AT_FDCWD, second, exchange);
}

// Reserves room for a file's bytes without making it longer (fallocate(2), FALLOC_FL_KEEP_SIZE); -1 with errno.
static inline int clinux_reserve(int file, off_t offset, off_t count) {
    const int keep_size = 1;
    return (int)syscall(SYS_fallocate, file, keep_size, offset, count);
}

// The next entries of an open directory, as getdents64(2) lays them out: their bytes, 0 at the end, -1 with errno.
static inline ssize_t clinux_entries(int directory, void *buffer, size_t size) {
    return syscall(SYS_getdents64, directory, buffer, size);
}

#endif
