/* Finds and loads the CUDA module; without it there is no GPU. */
#define _GNU_SOURCE /* dladdr */
#include "cuda/module.h"

#include "base.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void *module;
static char missing[1024]; /* why there is none */
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void)
{
    /* Beside this code, or where an installation puts it, seen from the program or from libanneal. */
    static const char *const places[] = {".", ANNEAL_MODULE_FROM_BIN, "anneal"};
    Dl_info own;
    char folder[3072], path[4096];
    if (!dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL)) {
        strcpy(missing, "there is no NVIDIA driver");
        return;
    }
    snprintf(folder, sizeof folder, "%s", dladdr(&module, &own) && own.dli_fname ? own.dli_fname : "");
    char *slash = strrchr(folder, '/');
    if (!slash)
        strcpy(folder, ".");
    else
        *slash = 0;
    strcpy(missing, "this anneal has no CUDA module");
    for (size_t i = 0; i < sizeof places / sizeof *places && !module; ++i) {
        snprintf(path, sizeof path, "%s/%s/anneal-cuda.so", folder, places[i]);
        if (access(path, F_OK)) continue;
        module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!module) snprintf(missing, sizeof missing, "the CUDA module cannot be loaded: %s", dlerror());
    }
}

static void *find(const char *name)
{
    pthread_once(&once, load);
    if (!module) return NULL;
    void *f = dlsym(module, name);
    if (!f) strcpy(missing, "the CUDA module is of another version");
    return f;
}

int anl_devices_find(anl_device *devices, int most, const char **why)
{
    anl_cuda_devices_function *f = (anl_cuda_devices_function *)find("anl_cuda_devices");
    const int n = f ? f(devices, most) : 0;
    *why = n ? NULL : f ? "there is no NVIDIA GPU, or its driver is too old" : missing;
    return n;
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
    if (!t) anl_fail(ANL_EINVAL, "%s", f ? message : missing);
    return t;
}
