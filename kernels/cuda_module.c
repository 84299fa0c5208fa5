/* Finds and loads the CUDA module; without it there is no GPU. */
#define _GNU_SOURCE /* dladdr1 */
#include "cuda/module.h"

#include "base.h"

#include <dlfcn.h>
#include <limits.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the module offers; all or nothing. */
typedef struct offer {
    anl_cuda_devices_function *devices;
    anl_cuda_gpu_function *gpu;
    anl_cuda_train_function *train;
} offer;

static offer offered;
static char missing[PATH_MAX + 512]; /* why there is none */
static pthread_once_t once = PTHREAD_ONCE_INIT;

/* The folder of the file that holds this code, program or library, from the root on. A library that was loaded by a name that depends on where
 * the caller stood has none: another file may have that name now. */
static int own_folder(char folder[PATH_MAX])
{
    Dl_info info;
    struct link_map *own;
    if (!dladdr1(&once, &info, (void **)&own, RTLD_DL_LINKMAP)) return 0;
    const char *file = *own->l_name ? own->l_name : "/proc/self/exe"; /* the program's is empty */
    if (*file != '/' || !realpath(file, folder)) return 0;
    *strrchr(folder, '/') = 0;
    return 1;
}

/* Takes the functions of the module at `path` if it is of this very build's version; else `missing` says why not. */
static void take(const char *path)
{
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!module) {
        snprintf(missing, sizeof missing, "the CUDA module cannot be loaded: %s", dlerror());
        return;
    }
    const char *version = dlsym(module, "anl_cuda_version");
    const offer o = {(anl_cuda_devices_function *)dlsym(module, "anl_cuda_devices"), (anl_cuda_gpu_function *)dlsym(module, "anl_cuda_gpu"),
                     (anl_cuda_train_function *)dlsym(module, "anl_cuda_train")};
    if (version && !strcmp(version, ANL_CUDA_VERSION) && o.devices && o.gpu && o.train) {
        offered = o;
        return;
    }
    snprintf(missing, sizeof missing, "the CUDA module %s is of another version", path);
    dlclose(module);
}

static void load(void)
{
    /* Beside this code, or where an installation puts it, seen from the program or from libanneal. */
    static const char *const places[] = {".", ANNEAL_MODULE_FROM_BIN, "anneal"};
    char folder[PATH_MAX], path[PATH_MAX + 256];
    if (!dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL)) {
        strcpy(missing, "there is no NVIDIA driver");
        return;
    }
    if (!own_folder(folder)) {
        strcpy(missing, "the folder of anneal, where its CUDA module is, cannot be told");
        return;
    }
    strcpy(missing, "this anneal has no CUDA module");
    for (size_t i = 0; i < sizeof places / sizeof *places && !offered.gpu; ++i) {
        snprintf(path, sizeof path, "%s/%s/anneal-cuda.so", folder, places[i]);
        if (!access(path, F_OK)) take(path);
    }
}

static const offer *module(void)
{
    pthread_once(&once, load);
    return offered.gpu ? &offered : NULL;
}

int anl_devices_find(anl_device *devices, int most, const char **why)
{
    const offer *m = module();
    const int n = m ? m->devices(devices, most) : 0;
    *why = n ? NULL : m ? "there is no NVIDIA GPU, or its driver is too old" : missing;
    return n;
}

const anl_gpu_table *anl_gpu_module(void)
{
    const offer *m = module();
    return m ? m->gpu() : NULL;
}

const anl_train_kernels *anl_train_cuda(int device)
{
    char message[256];
    const offer *m = module();
    const anl_train_kernels *t = m ? m->train(device, message, sizeof message) : NULL;
    if (!t) anl_fail(ANL_EINVAL, "%s", m ? message : missing);
    return t;
}
