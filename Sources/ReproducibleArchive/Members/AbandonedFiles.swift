import Glibc

/// Temporary files whose writer was killed.
///
/// A writer holds a lock (flock(2)) on its file for as long as it lives, so that whoever gets the lock may remove the file.
/// Where the file system knows no locks, nothing is removed.
enum AbandonedFiles {
    /// Makes a file that ``remove(in:prefix:suffix:)`` of others leaves alone while it is open.
    /// - Returns: a descriptor for writing, or -1 with `errno`.
    static func make(_ path: String) -> Int32 {
        for _ in 0..<10 {
            let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o644)
            guard descriptor >= 0 else { return -1 }
            while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
            // Somebody may have taken it for abandoned before the lock was there.
            var status = stat()
            if unsafe fstat(descriptor, &status) == 0, status.st_nlink > 0 { return descriptor }
            close(descriptor)
        }
        errno = EEXIST
        return -1
    }

    /// Removes this user's files of such names in a directory, if nobody has them open.
    static func remove(in directory: String, prefix: String, suffix: String) {
        guard let stream = unsafe opendir(directory.isEmpty ? "." : directory) else { return }
        defer { unsafe closedir(stream) }
        let handle = unsafe dirfd(stream)
        while let entry = unsafe readdir(stream) {
            guard let start = unsafe entry.pointer(to: \.d_name.0) else { continue }
            let name = unsafe String(cString: start)
            guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { continue }
            let flags = O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY
            let descriptor = unsafe openat(handle, name, flags)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            var status = stat()
            guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
                status.st_uid == geteuid(), flock(descriptor, LOCK_EX | LOCK_NB) == 0
            else { continue }
            unsafe unlinkat(handle, name, 0)
        }
    }
}
