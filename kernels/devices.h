/** The NVIDIA GPUs of this machine. */
#ifndef ANL_DEVICES_H
#define ANL_DEVICES_H

#include <stddef.h>

typedef struct anl_device {
    char name[256];
    int major, minor; /**< compute capability */
    size_t memory;    /**< bytes */
    int multiprocessors;
    double int8_rate;   /**< dense int8 operations/s of the tensor cores at the highest clock, an estimate from the data sheets */
    double int32_rate;  /**< int32 instructions/s of all lanes at the highest clock */
    double memory_rate; /**< bytes/s of the memory; 0: unknown */
} anl_device;

/** Fills devices[most] and returns how many GPUs there are that anneal can use. *why: what is missing when there is none, else NULL. */
int anl_devices_find(anl_device *devices, int most, const char **why);

#endif
