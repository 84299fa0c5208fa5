#include "cli.h"
#include "command.h"
#include "hints.h"
#include "index.h"

#include <inttypes.h>
#include <stdio.h>

static int run(void *settings, const cli_call *call)
{
    anl_index *x;
    uint64_t bytes;
    const char *name;
    (void)settings;
    int status = cli_check_index(call);
    if (status) return status;
    if (anl_index_open(&x, call->operands[0])) return cli_fail();
    for (int i = 0; (name = anl_index_section(x, i, &bytes)); ++i) {
        const int rc = anl_index_check_section(x, i);
        printf("%s\t%" PRIu64 "\t%s\n", name, bytes, rc ? "damaged" : "ok");
        if (rc && !status) status = cli_fail();
    }
    anl_index_free(x);
    return status;
}

const cli_command cmd_check = {
    .name = "check",
    .what = "verify that an index is as it was written",
    .usage = "INDEX.anl",
    .about =
        "Reads the whole index and verifies checksums and values. Prints each part of the file, its size in bytes, and 'ok' or 'damaged'; "
        "the exit "
        "status is 0 when all are in order. 'anneal align' does the same beside the alignment, and ends well only if nothing is damaged.",
    .needs = "one index",
    .least = 1,
    .most = 1,
    .run = run,
};
