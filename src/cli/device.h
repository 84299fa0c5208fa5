/** Which inputs are worth a GPU's start. */
#ifndef ANL_CLI_DEVICE_H
#define ANL_CLI_DEVICE_H

#include <stdint.h>

/** Bytes that a CPU is through with before a GPU's context and cuBLAS have started, some 2 s: about 50,000 reads, or 250,000 compressed, and an
 *  eighth as much of a reference, as each base costs more. Estimates; no GPU has been measured. */
enum { CLI_SMALL_READS = 16 << 20, CLI_SMALL_REFERENCE = 2 << 20 };

/** Bytes of a regular file, 0 for NULL; more than a GPU's worth for anything else, as a pipe may hold any number. Sums do not overflow. */
int64_t cli_bytes(const char *path);

#endif
