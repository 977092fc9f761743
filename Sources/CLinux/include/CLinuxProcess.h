// Processes and threads: what Swift's view of the C library lacks.
#pragma once
#include <malloc.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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
