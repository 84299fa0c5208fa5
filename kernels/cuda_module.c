/* Finds and loads the CUDA modules; without them there is no GPU. */
#define _GNU_SOURCE /* dladdr */
#include "cuda/module.h"

#include "base.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static void *align_module, *train_module;
static pthread_once_t align_once = PTHREAD_ONCE_INIT, train_once = PTHREAD_ONCE_INIT;

static void *load(const char *name)
{
    /* Beside this code, or where an installation puts it, seen from the program or from libanneal. */
    static const char *const places[] = {".", ANNEAL_MODULE_FROM_BIN, "anneal"};
    Dl_info own;
    void *module = NULL;
    char folder[3072], path[4096];
    snprintf(folder, sizeof folder, "%s", dladdr(&align_module, &own) && own.dli_fname ? own.dli_fname : "");
    char *slash = strrchr(folder, '/');
    if (!slash) strcpy(folder, ".");
    else *slash = 0;
    for (size_t i = 0; i < sizeof places / sizeof *places && !module; ++i) {
        snprintf(path, sizeof path, "%s/%s/%s", folder, places[i], name);
        module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    }
    return module;
}

static void load_align(void)
{
    align_module = load("anneal-cuda.so");
}

static void load_train(void)
{
    train_module = load("anneal-cuda-train.so");
}

static void *find(const char *name)
{
    pthread_once(&align_once, load_align);
    return align_module ? dlsym(align_module, name) : NULL;
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
    pthread_once(&train_once, load_train);
    anl_cuda_train_function *f = train_module ? (anl_cuda_train_function *)dlsym(train_module, "anl_cuda_train") : NULL;
    const anl_train_kernels *t = f ? f(device, message, sizeof message) : NULL;
    if (!t) anl_fail(ANL_EINVAL, "%s", f ? message : "this anneal has no CUDA module for training");
    return t;
}
