#pragma once
#include <stdint.h>

// Counts what the calling thread allocates.
//
// The library defines malloc and its relatives for the program that links it, each of which adds
// one to the thread's count and calls the C library. Under a sanitizer, which has its own, nothing
// is counted.

// How often the calling thread has allocated memory or asked for more.
uint64_t allocation_count(void);

// Whether allocations are counted: 0 under a sanitizer.
int allocations_are_counted(void);
