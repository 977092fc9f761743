// Processes and threads: what Swift's view of the C library lacks.
#pragma once
#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Becomes another user with his groups, and keeps just these capabilities, none of which a
/// program that it starts gets; returns 0 or an errno.
static inline int clinux_become_user(const char *name, uid_t user, gid_t group,
                                     unsigned long long capabilities) {
    for (int capability = 0; capability < 64; capability++) {
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
    if (initgroups(name, group) || setgid(group)
        || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setuid(user)) {
        return errno;
    }
    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {
        {(unsigned int)capabilities, (unsigned int)capabilities, 0},
        {(unsigned int)(capabilities >> 32), (unsigned int)(capabilities >> 32), 0},
    };
    return syscall(SYS_capset, &header, data) ? errno : 0;
}

/// fork(2), for a process that has one thread.
static inline pid_t clinux_fork(void) { return fork(); }

static inline pid_t clinux_gettid(void) { return (pid_t)syscall(SYS_gettid); }

/// Names the calling thread; the name is cut after 15 octets.
static inline void clinux_set_thread_name(const char *name) {
    prctl(PR_SET_NAME, (unsigned long)name, 0, 0, 0);
}

/// Reads the calling thread's name into 16 octets.
static inline void clinux_get_thread_name(char *name) {
    prctl(PR_GET_NAME, (unsigned long)name, 0, 0, 0);
}

/// Gives free memory at the end of the heap, and whole free pages elsewhere, back to the system.
static inline void clinux_trim_memory(void) { malloc_trim(0); }

/// Octets that the heap has from the system, in use or not.
static inline size_t clinux_heap_byte_count(void) {
    struct mallinfo2 usage = mallinfo2();
    return usage.arena + usage.hblkhd;
}

/// Where the program's file begins in memory; the linker defines it.
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

/// Takes the pages of the program's file out of the process; those that it needs again come back
/// from the system's cache.
static inline void clinux_release_program_pages(void) {
    uintptr_t base = (uintptr_t)&__ehdr_start;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const ElfW(Phdr) *segment = (const ElfW(Phdr) *)(base + __ehdr_start.e_phoff);
    for (int index = 0; index < __ehdr_start.e_phnum; index++, segment++) {
        // What may be written may differ from the file.
        if (segment->p_type != PT_LOAD || segment->p_flags & PF_W) continue;
        uintptr_t start = (base + segment->p_vaddr + page - 1) & ~(page - 1);
        uintptr_t end = (base + segment->p_vaddr + segment->p_memsz) & ~(page - 1);
        if (start < end) madvise((void *)start, end - start, MADV_DONTNEED);
    }
}
