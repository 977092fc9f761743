// Inline shims for vhost-user: descriptors over sockets, and memory that others write.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#define CLINUX_MAX_DESCRIPTORS 8

// Receives octets and descriptors that come with them, at most CLINUX_MAX_DESCRIPTORS, whose number goes to `count`.
static inline long clinux_receive_descriptors(int fd, void *place, size_t length, int *descriptors, int *count) {
    char control[CMSG_SPACE(sizeof(int) * CLINUX_MAX_DESCRIPTORS)];
    struct iovec vector = { place, length };
    struct msghdr message;
    memset(&message, 0, sizeof message);
    memset(control, 0, sizeof control);
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    *count = 0;
    long received = recvmsg(fd, &message, 0x40000000 /* MSG_CMSG_CLOEXEC */);
    if (received < 0) return received;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        int number = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        for (int index = 0; index < number; index++) {
            int descriptor;
            memcpy(&descriptor, CMSG_DATA(header) + (size_t)index * sizeof(int), sizeof descriptor);
            if (*count < CLINUX_MAX_DESCRIPTORS) descriptors[(*count)++] = descriptor;
            else close(descriptor);
        }
    }
    return received;
}

// Sends octets with descriptors.
static inline long clinux_send_descriptors(int fd, const void *place, size_t length, const int *descriptors, int count) {
    char control[CMSG_SPACE(sizeof(int) * CLINUX_MAX_DESCRIPTORS)];
    struct iovec vector = { (void *)place, length };
    struct msghdr message;
    memset(&message, 0, sizeof message);
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    if (count > 0 && count <= CLINUX_MAX_DESCRIPTORS) {
        memset(control, 0, sizeof control);
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)count);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)count);
        memcpy(CMSG_DATA(header), descriptors, sizeof(int) * (size_t)count);
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

// Maps `length` octets of `fd` from its start; a null pointer and errno if it fails.
static inline void *clinux_map_file(int fd, size_t length) {
    void *place = mmap((void *)0, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
    return place == MAP_FAILED ? (void *)0 : place;
}

// The octets of the file, or -1.
static inline int64_t clinux_file_length(int fd) {
    struct stat status;
    return fstat(fd, &status) == 0 ? (int64_t)status.st_size : -1;
}

// A file of `length` octets that has no name, or -1.
static inline int clinux_memory_file(size_t length) {
    int fd = (int)syscall(SYS_memfd_create, "martlet", 1 /* MFD_CLOEXEC */);
    if (fd >= 0 && ftruncate(fd, (off_t)length) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static inline uint16_t clinux_load16_acquire(const void *place) {
    return __atomic_load_n((const uint16_t *)place, __ATOMIC_ACQUIRE);
}

static inline void clinux_store16_release(void *place, uint16_t value) {
    __atomic_store_n((uint16_t *)place, value, __ATOMIC_RELEASE);
}

static inline void clinux_memory_fence(void) { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

// Waits until one of `count` descriptors is readable or hung up.
static inline int clinux_poll_readable(const int *descriptors, int count, int milliseconds) {
    struct pollfd places[4];
    if (count > 4) count = 4;
    for (int index = 0; index < count; index++) {
        places[index].fd = descriptors[index];
        places[index].events = POLLIN;
        places[index].revents = 0;
    }
    int ready = poll(places, (nfds_t)count, milliseconds);
    if (ready <= 0) return ready;
    int mask = 0;
    for (int index = 0; index < count; index++) if (places[index].revents) mask |= 1 << index;
    return mask;
}

static inline int clinux_set_nonblocking(int fd) { return fcntl(fd, F_SETFL, O_NONBLOCK); }
