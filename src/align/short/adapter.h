/** Adapters of common library kits, by their sequence: where a read, alone, runs through its insert. */
#ifndef ANL_ADAPTER_H
#define ANL_ADAPTER_H

#include "base.h"

/** Where the adapter begins in read[len] (base codes): the first position from which ANL_ADAPTER_KEY bases, or all that are left, but at least
 *  ANL_ADAPTER_LEAST of them, are those that an adapter of a common kit begins with, but for one. `len`: nowhere. */
int32_t anl_adapter_begin(const uint8_t *read, int32_t len);

#endif
