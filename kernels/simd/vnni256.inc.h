/* acc += four byte products a * b in every 32-bit lane, a unsigned. In assembly because GCC 12 copies the accumulators of the intrinsic
 * around and spills them. Encoded as AVX-VNNI has it; a test builds the same code for AVX-512, to run it there. */
#include <immintrin.h>

static inline __attribute__((always_inline)) __m256i dot4(__m256i acc, __m256i a, __m256i b)
{
#ifdef __AVXVNNI__
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(acc) : "x"(a), "x"(b));
#else
    __asm__("vpdpbusd %2, %1, %0" : "+x"(acc) : "x"(a), "x"(b));
#endif
    return acc;
}
