/** Letters to base codes and back. */
#ifndef ANL_BASE_CODE_H
#define ANL_BASE_CODE_H

#include <stdint.h>

/** A C G T U in either case: 0 1 2 3 3; every other letter: 4. */
extern const uint8_t anl_base_code[256];

#endif
