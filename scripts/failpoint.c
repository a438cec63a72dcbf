/* Loaded before libc (LD_PRELOAD) by scripts/test-faults: counts the calls that change the disk below FAULT_ROOT and lets one fail.
 *
 * FAULT_ROOT  folder whose changes count; all else passes through untouched
 * FAULT_AT    number of the call at which it happens; 0: never
 * FAULT_HOW   kill        the process dies before the call
 *             kill-after  it dies after the call
 *             torn        of a write the first half arrives, then it dies
 *             full        half of the write arrives, from then on nothing finds room (ENOSPC)
 *             full-once   this call finds no room, later ones do
 *             eio         from this call on the disk answers EIO
 *             eio-once    only this call does
 *             readonly    from this call on the disk is read-only (EROFS)
 *             short       from this call on no write takes more than half of what it is given (allowed, no fault)
 *             unplug      before this call the folder FAULT_ASIDE gets the name FAULT_ASIDE.gone
 *             wait        before this call the file FAULT_ASIDE is made; it goes on when it is taken away
 * FAULT_LOG   file for the calls and what they wrote, in their order
 * FAULT_TELL  file for one line about the call at which it happened
 * FAULT_CLOCK seconds by which the wall clock is off
 *
 * A record of the log is one line of tab-separated fields (call, path, second path, offset, length) and, after it, `length`
 * bytes. A call that the system refused by itself is a record `failed`. Paths of open files are the kernel's (/proc/self/fd), so they follow renames. The copying calls
 * (copy_file_range, sendfile, splice) into the folder answer ENOSYS: whoever copies falls back to reading and writing.
 * What is written through a mapping is not seen: SQLite's -shm file only, which it makes anew after a crash.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define PATHS (PATH_MAX + NAME_MAX + 2)

enum act { GO, FAIL, HALF };
enum kind { NAME, ROOM, DATA, SYNC }; /* takes a name away or changes one; needs room; writes bytes; syncs */

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static long at, count;
static const char *how = "", *aside = "";
static int log_file = -1;
static long clock_off;
static int (*real_clock)(clockid_t, struct timespec *);

static const char *told(const char *name) {
    const char *text = getenv(name);
    return text ? text : "";
}

__attribute__((constructor)) static void begin(void) {
    snprintf(root, sizeof root, "%s", told("FAULT_ROOT"));
    root_length = strlen(root);
    at = atol(told("FAULT_AT"));
    how = told("FAULT_HOW");
    aside = told("FAULT_ASIDE");
    clock_off = atol(told("FAULT_CLOCK"));
    if (*told("FAULT_LOG"))
        log_file = (int)syscall(SYS_openat, AT_FDCWD, told("FAULT_LOG"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
}

static int is(const char *word) { return strcmp(how, word) == 0; }

static int inside(const char *path) {
    return root_length && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || !path[root_length]);
}

/* The path behind an open file; 0 when it is not below the root or has no name any more. */
static int path_of(int fd, char *path) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int saved = errno;
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    errno = saved;
    if (length <= 0)
        return 0;
    path[length] = 0;
    const char gone[] = " (deleted)";
    if (length > (ssize_t)sizeof gone && strcmp(path + length - (sizeof gone - 1), gone) == 0)
        return 0;
    return inside(path);
}

/* The absolute path of a name; 0 when it is not below the root. */
static int path_at(int folder, const char *name, char *path) {
    if (*name == '/') {
        snprintf(path, PATHS, "%s", name);
    } else {
        char base[PATHS];
        if (folder == AT_FDCWD) {
            if (syscall(SYS_getcwd, base, PATH_MAX) <= 0)
                return 0;
        } else if (!path_of(folder, base)) {
            return 0;
        }
        snprintf(path, PATHS, "%.*s/%.*s", PATH_MAX - 1, base, NAME_MAX, name);
    }
    return inside(path);
}

static void note(int fd, const char *text, size_t size) {
    while (size > 0) {
        ssize_t done = syscall(SYS_write, fd, text, size);
        if (done <= 0)
            _exit(97);
        text += done;
        size -= (size_t)done;
    }
}

static void record(const char *call, const char *path, const char *other, off_t offset, const void *data, size_t size) {
    if (log_file < 0)
        return;
    char line[3 * PATHS];
    int length = snprintf(line, sizeof line, "%s\t%s\t%s\t%lld\t%zu\n", call, path, other, (long long)offset, size);
    note(log_file, line, (size_t)length);
    if (size)
        note(log_file, data, size);
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

static void tell(const char *call, const char *path) {
    if (!*told("FAULT_TELL"))
        return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, told("FAULT_TELL"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    char line[PATHS + 64];
    int length = snprintf(line, sizeof line, "%ld\t%s\t%s\n", count, call, path + root_length);
    note(fd, line, (size_t)length);
    close(fd);
}

static void step_aside(void) {
    char gone[PATHS];
    snprintf(gone, sizeof gone, "%s.gone", aside);
    syscall(SYS_renameat2, AT_FDCWD, aside, AT_FDCWD, gone, 0);
}

static void wait_for_others(void) {
    int fd = (int)syscall(SYS_openat, AT_FDCWD, aside, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    close(fd);
    while (syscall(SYS_faccessat, AT_FDCWD, aside, F_OK) == 0)
        syscall(SYS_nanosleep, &(struct timespec){0, 20000000}, NULL);
}

/* Counts a call and says what becomes of it. Holds the turn until `leave`. */
static enum act enter(const char *call, const char *path, enum kind kind) {
    pthread_mutex_lock(&turn);
    count++;
    if (!at || count < at)
        return GO;
    int now = count == at;
    if (now) {
        tell(call, path);
        if (is("kill") || (is("torn") && kind != DATA))
            die();
        if (is("unplug"))
            step_aside();
        if (is("wait"))
            wait_for_others();
    }
    if (is("torn") && now)
        return HALF;
    if (is("short") && kind == DATA)
        return HALF;
    if (is("full") && kind == DATA && now)
        return HALF;
    if ((is("full") || (is("full-once") && now)) && (kind == DATA || kind == ROOM)) {
        errno = ENOSPC;
        return FAIL;
    }
    if (is("eio") || (is("eio-once") && now)) {
        errno = EIO;
        return FAIL;
    }
    if (is("readonly") && kind != SYNC) {
        errno = EROFS;
        return FAIL;
    }
    return GO;
}

/* Ends a call that `enter` let through or halved. */
static void leave(const char *call, const char *path, const char *other, off_t offset, const void *data, long done) {
    int saved = errno;
    if (done >= 0)
        record(call, path, other, offset, data, data ? (size_t)done : 0);
    else /* It counts all the same, so the log has as many records as there were calls. */
        record("failed", path, call, offset, NULL, 0);
    if (at && count == at && (is("kill-after") || is("torn")))
        die();
    pthread_mutex_unlock(&turn);
    errno = saved;
}

static long refused(void) {
    pthread_mutex_unlock(&turn);
    return -1;
}

/* --- names --- */

static int opened(int folder, const char *name, int flags, mode_t mode) {
    char path[PATHS];
    int writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
    if (!writes || !path_at(folder, name, path))
        return (int)syscall(SYS_openat, folder, name, flags, mode);
    int there = syscall(SYS_faccessat, folder, name, F_OK) == 0;
    errno = 0;
    if (there && !(flags & O_TRUNC)) {
        /* Nothing changes yet, but a disk that is read-only already does not let a file be opened for writing. */
        if (at && count + 1 >= at && is("readonly")) {
            if (count + 1 == at)
                tell("open", path);
            errno = EROFS;
            return -1;
        }
        return (int)syscall(SYS_openat, folder, name, flags, mode);
    }
    if (!there && !(flags & O_CREAT))
        return (int)syscall(SYS_openat, folder, name, flags, mode);
    const char *call = there ? "truncate" : "create";
    if (enter(call, path, there ? NAME : ROOM) == FAIL)
        return (int)refused();
    int fd = (int)syscall(SYS_openat, folder, name, flags, mode);
    leave(call, path, "", 0, NULL, fd < 0 ? -1 : 0);
    return fd;
}

static mode_t mode_of(int flags, va_list list) { return flags & O_CREAT ? (mode_t)va_arg(list, int) : 0; }

int open(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    return opened(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    return opened(AT_FDCWD, path, flags, mode);
}
int openat(int folder, const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    return opened(folder, path, flags, mode);
}
int openat64(int folder, const char *path, int flags, ...) {
    va_list list;
    va_start(list, flags);
    mode_t mode = mode_of(flags, list);
    va_end(list);
    return opened(folder, path, flags, mode);
}

int mkdirat(int folder, const char *name, mode_t mode) {
    char path[PATHS];
    if (!path_at(folder, name, path))
        return (int)syscall(SYS_mkdirat, folder, name, mode);
    if (enter("mkdir", path, ROOM) == FAIL)
        return (int)refused();
    int done = (int)syscall(SYS_mkdirat, folder, name, mode);
    leave("mkdir", path, "", 0, NULL, done);
    return done;
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

int unlinkat(int folder, const char *name, int flags) {
    char path[PATHS];
    if (!path_at(folder, name, path))
        return (int)syscall(SYS_unlinkat, folder, name, flags);
    const char *call = flags & AT_REMOVEDIR ? "rmdir" : "unlink";
    if (enter(call, path, NAME) == FAIL)
        return (int)refused();
    int done = (int)syscall(SYS_unlinkat, folder, name, flags);
    leave(call, path, "", 0, NULL, done);
    return done;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int renameat2(int from, const char *old, int to, const char *name, unsigned flags) {
    char first[PATHS], second[PATHS];
    int mine = path_at(from, old, first) | path_at(to, name, second);
    if (!mine)
        return (int)syscall(SYS_renameat2, from, old, to, name, flags);
    const char *call = flags ? "exchange" : "rename";
    if (enter(call, first, NAME) == FAIL)
        return (int)refused();
    int done = (int)syscall(SYS_renameat2, from, old, to, name, flags);
    leave(call, first, second, 0, NULL, done);
    return done;
}
int renameat(int from, const char *old, int to, const char *name) { return renameat2(from, old, to, name, 0); }
int rename(const char *old, const char *name) { return renameat2(AT_FDCWD, old, AT_FDCWD, name, 0); }

int linkat(int from, const char *old, int to, const char *name, int flags) {
    char first[PATHS], second[PATHS];
    path_at(from, old, first);
    if (!path_at(to, name, second))
        return (int)syscall(SYS_linkat, from, old, to, name, flags);
    if (enter("link", second, ROOM) == FAIL)
        return (int)refused();
    int done = (int)syscall(SYS_linkat, from, old, to, name, flags);
    leave("link", first, second, 0, NULL, done);
    return done;
}
int link(const char *old, const char *name) { return linkat(AT_FDCWD, old, AT_FDCWD, name, 0); }

int symlinkat(const char *target, int folder, const char *name) {
    char path[PATHS];
    if (!path_at(folder, name, path))
        return (int)syscall(SYS_symlinkat, target, folder, name);
    if (enter("symlink", path, ROOM) == FAIL)
        return (int)refused();
    int done = (int)syscall(SYS_symlinkat, target, folder, name);
    leave("symlink", path, target, 0, NULL, done);
    return done;
}
int symlink(const char *target, const char *name) { return symlinkat(target, AT_FDCWD, name); }

int fchmod(int fd, mode_t mode) {
    char path[PATHS];
    if (!path_of(fd, path))
        return (int)syscall(SYS_fchmod, fd, mode);
    if (enter("chmod", path, NAME) == FAIL)
        return (int)refused();
    int done = (int)syscall(SYS_fchmod, fd, mode);
    leave("chmod", path, "", (off_t)mode, NULL, done);
    return done;
}

int chmod(const char *name, mode_t mode) {
    char path[PATHS];
    if (!path_at(AT_FDCWD, name, path))
        return (int)syscall(SYS_fchmodat, AT_FDCWD, name, mode);
    if (enter("chmod", path, NAME) == FAIL)
        return (int)refused();
    int done = (int)syscall(SYS_fchmodat, AT_FDCWD, name, mode);
    leave("chmod", path, "", (off_t)mode, NULL, done);
    return done;
}

/* --- bytes --- */

static ssize_t put(int fd, const void *data, size_t size, off_t offset, int has_offset, const char *path) {
    enum act act = enter("write", path, DATA);
    if (act == FAIL)
        return refused();
    size_t part = act == HALF && size > 1 ? size / 2 : size;
    off_t where = offset;
    if (!has_offset) {
        int flags = (int)syscall(SYS_fcntl, fd, F_GETFL);
        where = (off_t)syscall(SYS_lseek, fd, 0, flags & O_APPEND ? SEEK_END : SEEK_CUR);
    }
    ssize_t done = has_offset ? syscall(SYS_pwrite64, fd, data, part, offset) : syscall(SYS_write, fd, data, part);
    leave("write", path, "", where, data, done);
    return done;
}

ssize_t write(int fd, const void *data, size_t size) {
    char path[PATHS];
    return path_of(fd, path) ? put(fd, data, size, 0, 0, path) : syscall(SYS_write, fd, data, size);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) {
    char path[PATHS];
    return path_of(fd, path) ? put(fd, data, size, offset, 1, path) : syscall(SYS_pwrite64, fd, data, size, offset);
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }

/* Only the first part that is not empty: a short write, which every caller must be ready for. */
ssize_t writev(int fd, const struct iovec *parts, int number) {
    char path[PATHS];
    if (!path_of(fd, path))
        return syscall(SYS_writev, fd, parts, number);
    for (int part = 0; part < number; part++)
        if (parts[part].iov_len)
            return put(fd, parts[part].iov_base, parts[part].iov_len, 0, 0, path);
    return 0;
}

int ftruncate64(int fd, off_t length) {
    char path[PATHS];
    if (!path_of(fd, path))
        return (int)syscall(SYS_ftruncate, fd, length);
    if (enter("resize", path, ROOM) == FAIL)
        return (int)refused();
    int done = (int)syscall(SYS_ftruncate, fd, length);
    leave("resize", path, "", length, NULL, done);
    return done;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

static int synced(int fd, long number) {
    char path[PATHS];
    if (!path_of(fd, path))
        return (int)syscall(number, fd);
    if (enter("sync", path, SYNC) == FAIL)
        return (int)refused();
    /* Not waited for: no power is lost here, the log says what would have been safe. */
    leave("sync", path, "", 0, NULL, 0);
    return 0;
}
int fsync(int fd) { return synced(fd, SYS_fsync); }
int fdatasync(int fd) { return synced(fd, SYS_fdatasync); }

ssize_t copy_file_range(int from, off_t *from_at, int to, off_t *to_at, size_t size, unsigned flags) {
    char path[PATHS];
    if (!path_of(to, path))
        return syscall(SYS_copy_file_range, from, from_at, to, to_at, size, flags);
    errno = ENOSYS;
    return -1;
}
ssize_t sendfile64(int to, int from, off_t *offset, size_t size) {
    char path[PATHS];
    if (!path_of(to, path))
        return syscall(SYS_sendfile, to, from, offset, size);
    errno = ENOSYS;
    return -1;
}
ssize_t splice(int from, off_t *from_at, int to, off_t *to_at, size_t size, unsigned flags) {
    char path[PATHS];
    if (!path_of(to, path))
        return syscall(SYS_splice, from, from_at, to, to_at, size, flags);
    errno = ENOSYS;
    return -1;
}

/* --- the clock --- */

int clock_gettime(clockid_t clock, struct timespec *now) {
    if (!real_clock)
        real_clock = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int done = real_clock(clock, now);
    if (done == 0 && clock == CLOCK_REALTIME)
        now->tv_sec += clock_off;
    return done;
}
