/* The error of a call of FAISS as ours. */
#ifndef ANL_FAISS_FAIL_H
#define ANL_FAISS_FAIL_H

#include "base.h"

#include <faiss/c_api/error_c.h>
#include <string.h>

static inline int faiss_fail(void)
{
    if (strstr(faiss_get_last_error(), "bad_alloc")) return anl_fail(ANL_ENOMEM, "out of memory");
    return anl_fail(ANL_EINVAL, "FAISS: %s", faiss_get_last_error());
}

#endif
