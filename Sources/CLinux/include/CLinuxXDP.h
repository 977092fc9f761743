// Inline shims for AF_XDP and bpf(2); no logic.
#pragma once
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <linux/bpf.h>
#include <linux/if_xdp.h>

// Carries out a bpf(2) command, whose attributes are in `size` octets; -1 and errno if it fails.
static inline int clinux_bpf(int command, void *attributes, unsigned size) {
    return (int)syscall(SYS_bpf, command, attributes, size);
}

static inline int clinux_xdp_socket(void) {
    return socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static inline int clinux_xdp_bind(int fd, int ifindex, unsigned queue, unsigned flags) {
    struct sockaddr_xdp address;
    memset(&address, 0, sizeof address);
    address.sxdp_family = AF_XDP;
    address.sxdp_ifindex = (uint32_t)ifindex;
    address.sxdp_queue_id = queue;
    address.sxdp_flags = (uint16_t)flags;
    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

// Gives a socket the memory that its packets lie in, cut into chunks.
static inline int clinux_xdp_register(int fd, void *memory, uint64_t size, unsigned chunk) {
    struct xdp_umem_reg request;
    memset(&request, 0, sizeof request);
    request.addr = (uint64_t)(uintptr_t)memory;
    request.len = size;
    request.chunk_size = chunk;
    return setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &request, sizeof request);
}

static inline int clinux_xdp_offsets(int fd, struct xdp_mmap_offsets *offsets) {
    socklen_t length = sizeof *offsets;
    return getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, offsets, &length);
}

static inline int clinux_xdp_statistics(int fd, struct xdp_statistics *statistics) {
    socklen_t length = sizeof *statistics;
    memset(statistics, 0, sizeof *statistics);
    return getsockopt(fd, SOL_XDP, XDP_STATISTICS, statistics, &length);
}

// Maps a ring of a socket; a null pointer and errno if it fails.
static inline void *clinux_xdp_map(int fd, size_t length, uint64_t offset) {
    void *place = mmap((void *)0, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd,
                       (off_t)offset);
    return place == MAP_FAILED ? (void *)0 : place;
}

// Memory of whole pages, zeroed; a null pointer and errno if there is none.
static inline void *clinux_xdp_memory(size_t length) {
    void *place = mmap((void *)0, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return place == MAP_FAILED ? (void *)0 : place;
}

// Has the kernel look at the rings; 0, or -1 and errno.
static inline int clinux_xdp_kick_send(int fd) {
    return (int)sendto(fd, (void *)0, 0, MSG_DONTWAIT, (struct sockaddr *)0, 0);
}

static inline int clinux_xdp_kick_receive(int fd) {
    return (int)recvfrom(fd, (void *)0, 0, MSG_DONTWAIT, (struct sockaddr *)0, (socklen_t *)0);
}
