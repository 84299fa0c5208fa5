#include "kernels.h"

#include "amx.h"
#include "base.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#if defined(__aarch64__)
#include <sys/auxv.h>

enum { HAS_DOTPROD = 1 << 20, HAS_I8MM = 1 << 13 }; /* bits of AT_HWCAP and AT_HWCAP2 */

static int has_dotprod(void)
{
#ifdef ANL_WITHOUT_DOTPROD
    return 0;
#else
    return (getauxval(AT_HWCAP) & HAS_DOTPROD) != 0;
#endif
}
static int has_i8mm(void)
{
#ifdef ANL_WITHOUT_I8MM
    return 0;
#else
    return has_dotprod() && (getauxval(AT_HWCAP2) & HAS_I8MM);
#endif
}
#endif

#if defined(__x86_64__)
#include <cpuid.h>

static int has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}
/* By CPUID: not every compiler knows the name. The registers are those of AVX2, which has_avx2 asks the system for. */
static int has_avxvnni(void)
{
#ifdef ANL_WITHOUT_AVXVNNI
    return 0;
#else
    unsigned a, b, c, d;
    return has_avx2() && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & 1 << 4);
#endif
}
static int has_avx512(void)
{
    return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vnni");
}
#endif

#define MAX_LEVELS 5
static const char *levels[MAX_LEVELS + 1];
static anl_kernels table;
static int table_status;
static char table_cap[32];
static pthread_once_t levels_once = PTHREAD_ONCE_INIT, table_once = PTHREAD_ONCE_INIT;

static void find_levels(void)
{
    int n = 0;
    levels[n++] = "scalar";
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (has_avx2()) levels[n++] = "avx2";
    if (has_avxvnni()) levels[n++] = "avxvnni";
    if (has_avx512()) levels[n++] = "avx512";
    if (has_avx512() && anl_amx_granted(ANL_AMX_INT8)) levels[n++] = "amx";
#elif defined(__aarch64__)
    levels[n++] = "neon";
    if (has_dotprod()) levels[n++] = "dotprod";
    if (has_i8mm()) levels[n++] = "i8mm";
#endif
    levels[n] = NULL;
}

const char *const *anl_kernels_levels(void)
{
    pthread_once(&levels_once, find_levels);
    return levels;
}

static void fill_level(anl_kernels *t, const char *level)
{
    t->name = level;
    if (!strcmp(level, "scalar")) {
        anl_encode_fill_scalar(&t->encode);
        anl_scan_fill_scalar(&t->scan);
        anl_sw_fill_scalar(&t->sw);
        anl_kmer_fill_scalar(&t->kmer);
        anl_wave_fill_scalar(&t->wave);
    }
#if defined(__x86_64__)
    else if (!strcmp(level, "avx2")) {
        anl_encode_fill_avx2(&t->encode);
        anl_scan_fill_avx2(&t->scan);
        anl_sw_fill_avx2(&t->sw);
        anl_kmer_fill_avx2(&t->kmer);
        anl_wave_fill_avx2(&t->wave);
    }
#ifndef ANL_WITHOUT_AVXVNNI
    else if (!strcmp(level, "avxvnni")) {
        anl_encode_fill_avxvnni(&t->encode);
        anl_scan_fill_avxvnni(&t->scan);
    }
#endif
    else if (!strcmp(level, "avx512")) {
        anl_encode_fill_avx512(&t->encode);
        anl_scan_fill_avx512(&t->scan);
        anl_sw_fill_avx512(&t->sw);
        anl_kmer_fill_avx512(&t->kmer);
        anl_wave_fill_avx512(&t->wave);
    } else if (!strcmp(level, "amx")) {
        anl_encode_fill_amx(&t->encode);
        anl_scan_fill_amx(&t->scan);
    }
#elif defined(__aarch64__)
    else if (!strcmp(level, "neon")) {
        anl_encode_fill_neon(&t->encode);
        anl_scan_fill_neon(&t->scan);
        anl_sw_fill_neon(&t->sw);
        anl_wave_fill_neon(&t->wave);
    }
#ifndef ANL_WITHOUT_DOTPROD
    else if (!strcmp(level, "dotprod")) {
        anl_encode_fill_dotprod(&t->encode);
        anl_scan_fill_dotprod(&t->scan);
    }
#endif
#ifndef ANL_WITHOUT_I8MM
    else if (!strcmp(level, "i8mm")) {
        anl_encode_fill_i8mm(&t->encode);
        anl_scan_fill_i8mm(&t->scan);
    }
#endif
#endif
}

int anl_kernels_fill(anl_kernels *t, const char *cap)
{
    const char *const *level = anl_kernels_levels();
    int known = cap == NULL;
    for (int i = 0; level[i] && !known; ++i) known = !strcmp(level[i], cap);
    if (!known) return anl_fail(ANL_EINVAL, "ANNEAL_KERNELS=%s: this machine cannot run that level", cap);
    for (int i = 0; level[i]; ++i) {
        fill_level(t, level[i]);
        if (cap && !strcmp(level[i], cap)) break;
    }
    return ANL_OK;
}

static void choose_table(void)
{
    const char *cap = getenv("ANNEAL_KERNELS");
    strncpy(table_cap, cap ? cap : "", sizeof table_cap - 1);
    table_status = anl_kernels_fill(&table, cap && *cap ? cap : NULL);
}

const anl_kernels *anl_kernels_get(void)
{
    pthread_once(&table_once, choose_table);
    if (!table_status) return &table;
    anl_fail(table_status, "ANNEAL_KERNELS=%s: this machine cannot run that level", table_cap);
    return NULL;
}
