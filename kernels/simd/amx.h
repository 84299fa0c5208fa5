/** AMX: whether there are matrix tiles to work with. */
#ifndef ANL_KERNELS_AMX_H
#define ANL_KERNELS_AMX_H

typedef enum anl_amx_type { ANL_AMX_BF16 = 1 << 22, ANL_AMX_INT8 = 1 << 25 } anl_amx_type; /**< as CPUID tells them */

/** Whether the processor has tiles for products of that type and the operating system, asked for their registers, grants them. */
int anl_amx_granted(anl_amx_type type);

#endif
