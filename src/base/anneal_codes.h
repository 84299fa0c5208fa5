/** What functions return: 0, or one of these; anl_error() then tells more. */
#ifndef ANNEAL_CODES_H
#define ANNEAL_CODES_H

enum {
    ANL_OK = 0,
    ANL_EINVAL = -1,   /**< the caller's argument is wrong */
    ANL_ENOMEM = -2,   /**< not enough memory */
    ANL_EIO = -3,      /**< open, read, write, flush, close or rename failed */
    ANL_EFORMAT = -4,  /**< the input is malformed, truncated or corrupt */
    ANL_EVERSION = -5, /**< a file of another version or another model */
    ANL_EINTR = -6,    /**< stopped by a signal */
};

#endif
