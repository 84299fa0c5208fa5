/* Finds and loads the CUDA module; without it there is no GPU. */
#define _GNU_SOURCE /* dladdr */
#include "cuda/module.h"

#include "base.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void *module;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    /* Beside this code, or where an installation puts it, seen from the program or from libanneal. */
    static const char *const places[] = {".", ANNEAL_MODULE_FROM_BIN, "anneal"};
    Dl_info own;
    char folder[3072], path[4096];
    snprintf(folder, sizeof folder, "%s", dladdr(&module, &own) && own.dli_fname ? own.dli_fname : "");
    char *slash = strrchr(folder, '/');
    if (!slash) strcpy(folder, ".");
    else *slash = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places && !module; ++i) {
        snprintf(path, sizeof path, "%s/%s/anneal-cuda.so", folder, places[i]);
        module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
}

static void *find(const char *name)
{
    pthread_once(&once, load);
    return module ? dlsym(module, name) : NULL;
}

int anl_devices_find(anl_device *devices, int most, int *has_module)
{
    anl_cuda_devices_function *f = (anl_cuda_devices_function *)find("anl_cuda_devices");
    *has_module = f != NULL;
    return f ? f(devices, most) : 0;
}

const anl_gpu_table *anl_gpu_module(void)
{
    anl_cuda_gpu_function *f = (anl_cuda_gpu_function *)find("anl_cuda_gpu");
    return f ? f() : NULL;
}

const anl_train_kernels *anl_train_cuda(int device)
{
    char message[256];
    anl_cuda_train_function *f = (anl_cuda_train_function *)find("anl_cuda_train");
    const anl_train_kernels *t = f ? f(device, message, sizeof message) : NULL;
    if (!t) anl_fail(ANL_EINVAL, "%s", f ? message : "this anneal has no CUDA module");
    return t;
}
