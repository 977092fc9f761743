// Inline shims for packet sockets, TAP devices and netlink; no logic.
//
// _GNU_SOURCE stays undefined: with it, structures here differ from those of the module Glibc.
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/utsname.h>
#include <linux/ethtool.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>

// `struct mmsghdr` is hidden from Swift's importer by feature macros; this one has its layout.
struct clinux_mmsghdr {
    struct msghdr msg_hdr;
    unsigned int msg_len;
};

static inline int clinux_recvmmsg(int fd, struct clinux_mmsghdr *messages, unsigned count, int flags) {
    return (int)syscall(SYS_recvmmsg, fd, messages, count, flags, (void *)0);
}

static inline int clinux_sendmmsg(int fd, struct clinux_mmsghdr *messages, unsigned count, int flags) {
    return (int)syscall(SYS_sendmmsg, fd, messages, count, flags);
}

static inline int clinux_errno(void) { return errno; }

static inline int clinux_packet_socket(void) {
    return socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

// Binds a packet socket to a device, whose frames it receives from the first time on that it `hears`.
static inline int clinux_bind_packet(int fd, int ifindex, int hears) {
    struct sockaddr_ll address;
    memset(&address, 0, sizeof address);
    address.sll_family = AF_PACKET;
    address.sll_protocol = hears ? htons(ETH_P_ALL) : 0;
    address.sll_ifindex = ifindex;
    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

static inline int clinux_join_promiscuous(int fd, int ifindex) {
    struct packet_mreq request;
    memset(&request, 0, sizeof request);
    request.mr_ifindex = ifindex;
    request.mr_type = PACKET_MR_PROMISC;
    return setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request);
}

static inline int clinux_set_option(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

// Reads and so clears the packet socket's count of dropped packets.
static inline unsigned clinux_packet_drops(int fd) {
    struct tpacket_stats statistics;
    socklen_t length = sizeof statistics;
    memset(&statistics, 0, sizeof statistics);
    if (getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &length) != 0) return 0;
    return statistics.tp_drops;
}

// Gives a packet socket a receive ring of the version that was set before.
static inline int clinux_make_receive_ring(int fd, unsigned block_size, unsigned block_count,
                                           unsigned frame_size, unsigned frame_count) {
    struct tpacket_req request = { block_size, block_count, frame_size, frame_count };
    return setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof request);
}

// Maps `length` octets of `fd`, to be read and written; a null pointer and errno if it fails.
static inline void *clinux_map_shared(int fd, size_t length) {
    void *place = mmap((void *)0, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    return place == MAP_FAILED ? (void *)0 : place;
}

// Has a socket receive nothing, by a filter that refuses every packet, or everything again.
static inline int clinux_set_deaf(int fd, int deaf) {
    struct sock_filter refuse = { BPF_RET | BPF_K, 0, 0, 0 };
    struct sock_fprog program = { 1, &refuse };
    int unused = 0;
    return deaf ? setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program)
                : setsockopt(fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
}

// Reads and so clears a socket's pending error.
static inline int clinux_socket_error(int fd) {
    int error = 0;
    socklen_t length = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

// A descriptor of the network namespace that a socket was opened in, or -1.
static inline int clinux_socket_namespace(int fd) {
    return ioctl(fd, SIOCGSKNS);
}

static inline int clinux_open_tun(void) {
    return open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

// Attaches `fd` to the TAP device `name`, and leaves the device's name in `name`.
static inline int clinux_tun_set_interface(int fd, char *name, int flags) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = (short)flags;
    int result = ioctl(fd, TUNSETIFF, &request);
    if (result == 0) memcpy(name, request.ifr_name, IFNAMSIZ);
    return result;
}

static inline int clinux_tun_set_offload(int fd, unsigned flags) {
    return ioctl(fd, TUNSETOFFLOAD, (unsigned long)flags);
}

static inline int clinux_tun_set_header_size(int fd, int size) {
    return ioctl(fd, TUNSETVNETHDRSZ, &size);
}

// Device requests by name on any socket. The name is cut at IFNAMSIZ - 1 octets.
static inline int clinux_device_flags(int fd, const char *name, int *flags) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int result = ioctl(fd, SIOCGIFFLAGS, &request);
    if (result == 0) *flags = (unsigned short)request.ifr_flags;
    return result;
}

static inline int clinux_set_device_flags(int fd, const char *name, int flags) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_flags = (short)flags;
    return ioctl(fd, SIOCSIFFLAGS, &request);
}

static inline int clinux_device_mtu(int fd, const char *name, int *mtu) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int result = ioctl(fd, SIOCGIFMTU, &request);
    if (result == 0) *mtu = request.ifr_mtu;
    return result;
}

static inline int clinux_set_device_mtu(int fd, const char *name, int mtu) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_mtu = mtu;
    return ioctl(fd, SIOCSIFMTU, &request);
}

static inline int clinux_device_address(int fd, const char *name, unsigned char *octets, int *kind) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int result = ioctl(fd, SIOCGIFHWADDR, &request);
    if (result == 0) {
        memcpy(octets, request.ifr_hwaddr.sa_data, 6);
        *kind = request.ifr_hwaddr.sa_family;
    }
    return result;
}

static inline int clinux_set_device_address(int fd, const char *name, const unsigned char *octets) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_hwaddr.sa_family = 1 /* ARPHRD_ETHER */;
    memcpy(request.ifr_hwaddr.sa_data, octets, 6);
    return ioctl(fd, SIOCSIFHWADDR, &request);
}

// An ethtool request; `data` starts with the command's number.
static inline int clinux_ethtool(int fd, const char *name, void *data) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    request.ifr_data = (char *)data;
    return ioctl(fd, SIOCETHTOOL, &request);
}

static inline int clinux_netlink_socket(int family) {
    return socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, family);
}

static inline int clinux_bind_netlink(int fd, unsigned groups) {
    struct sockaddr_nl address;
    memset(&address, 0, sizeof address);
    address.nl_family = AF_NETLINK;
    address.nl_groups = groups;
    return bind(fd, (struct sockaddr *)&address, sizeof address);
}

// Moves the calling thread to the network namespace that `fd` is open on.
static inline int clinux_enter_network_namespace(int fd) {
    return (int)syscall(SYS_setns, fd, 0x40000000 /* CLONE_NEWNET */);
}

static inline uint32_t clinux_load_acquire(const uint32_t *place) {
    return __atomic_load_n(place, __ATOMIC_ACQUIRE);
}

static inline void clinux_store_release(uint32_t *place, uint32_t value) {
    __atomic_store_n(place, value, __ATOMIC_RELEASE);
}

// Listens on the Unix socket `path` (connects to it if `connects` is not 0); -1 and errno if it fails.
static inline int clinux_unix_stream(const char *path, int connects) {
    struct sockaddr_un address;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    int result = connects ? connect(fd, (struct sockaddr *)&address, sizeof address)
                          : bind(fd, (struct sockaddr *)&address, sizeof address);
    if (result == 0 && !connects) result = listen(fd, 16);
    if (result != 0) {
        int saved = errno;
        close(fd);
        errno = saved;
        return -1;
    }
    return fd;
}

static inline int clinux_accept(int fd) {
    int accepted = accept(fd, (struct sockaddr *)0, (socklen_t *)0);
    if (accepted >= 0) {
        fcntl(accepted, F_SETFL, fcntl(accepted, F_GETFL) | O_NONBLOCK);
        fcntl(accepted, F_SETFD, FD_CLOEXEC);
    }
    return accepted;
}

static inline int clinux_open(const char *path, int flags, unsigned mode) {
    return open(path, flags, mode);
}

// Names the calling thread, and leaves every signal to the other threads.
static inline void clinux_begin_thread(const char *name) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, (sigset_t *)0);
    syscall(SYS_prctl, 15 /* PR_SET_NAME */, name, 0, 0, 0);
}

// Registers `fd` with `epoll`, or changes what is waited for (`operation` is EPOLL_CTL_ADD, _MOD, _DEL).
static inline int clinux_epoll_control(int epoll, int operation, int fd, unsigned events, uint64_t data) {
    struct epoll_event event;
    memset(&event, 0, sizeof event);
    event.events = events;
    event.data.u64 = data;
    return epoll_ctl(epoll, operation, fd, &event);
}

// Makes `timer` expire once after `milliseconds`; 0 stops it.
static inline int clinux_set_timer(int timer, unsigned milliseconds) {
    struct itimerspec when;
    memset(&when, 0, sizeof when);
    when.it_value.tv_sec = milliseconds / 1000;
    when.it_value.tv_nsec = (long)(milliseconds % 1000) * 1000000;
    return timerfd_settime(timer, 0, &when, (struct itimerspec *)0);
}

static inline int64_t clinux_realtime_microseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

// Waits with a timeout in nanoseconds; less than 0 is for ever.
static inline int clinux_epoll_wait(int epoll, struct epoll_event *events, int count, int64_t nanoseconds) {
    struct timespec timeout = { nanoseconds / 1000000000, nanoseconds % 1000000000 };
    if (nanoseconds == 0) return epoll_wait(epoll, events, count, 0);
    int ready = (int)syscall(SYS_epoll_pwait2, epoll, events, count,
                             nanoseconds < 0 ? (void *)0 : &timeout, (void *)0, (size_t)0);
    if (ready >= 0 || errno != ENOSYS) return ready;
    // Linux before 5.11 counts in milliseconds.
    return epoll_wait(epoll, events, count, nanoseconds < 0 ? -1 : (int)(nanoseconds / 1000000 + 1));
}

static inline char **clinux_environment(void) {
    extern char **environ;
    return environ;
}

static inline int64_t clinux_monotonic_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

// A counter that goes on at a constant rate, for the measuring of short times.
static inline uint64_t clinux_cycles(void) {
#if defined(__x86_64__)
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
#elif defined(__aarch64__)
    uint64_t value;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(value));
    return value;
#else
    return (uint64_t)clinux_monotonic_nanoseconds();
#endif
}

// Has the calling thread run on one CPU alone.
static inline int clinux_pin_thread(unsigned cpu) {
    uint64_t mask[16];
    memset(mask, 0, sizeof mask);
    if (cpu >= sizeof mask * 8) {
        errno = EINVAL;
        return -1;
    }
    mask[cpu / 64] |= (uint64_t)1 << (cpu % 64);
    return (int)syscall(SYS_sched_setaffinity, 0, sizeof mask, mask);
}

// Has a packet socket share what arrives with the others of its group, by flow.
// Group 0 is made anew; the group's number or -1.
static inline int clinux_join_fanout(int fd, unsigned group) {
    int value = (int)(group | (unsigned)(PACKET_FANOUT_HASH | (group == 0 ? 0x2000 : 0)) << 16);
    if (setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, sizeof value) != 0) return -1;
    socklen_t length = sizeof value;
    if (getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, &length) != 0) return -1;
    return value & 0xffff;
}
