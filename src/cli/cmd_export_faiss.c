#include "cli.h"
#include "index.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: anneal export-faiss INDEX.anl OUT.faiss\n\n"
    "Writes the vectors as a plain FAISS index (IVF, 8-bit direct codes) that faiss.read_index opens. Ids are window\n"
    "numbers; a vector element v is stored as v + 128.\n";

int cmd_export_faiss(int argc, char **argv)
{
    if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
        fputs(help, stdout);
        return 0;
    }
    if (argc != 3 || argv[1][0] == '-') return cli_usage("export-faiss: needs INDEX.anl OUT.faiss; anneal export-faiss --help tells more");
    anl_index *x;
    cli_files f = {0};
    int rc = cli_reads(&f, argv[1], "");
    if (!rc) rc = cli_writes(&f, argv[2], "");
    const int status = cli_files_check(&f, rc);
    if (status) return status;
    rc = anl_index_open(&x, argv[1]);
    if (!rc) {
        rc = anl_index_faiss_export(x, argv[2]);
        anl_index_free(x);
    }
    return rc ? cli_fail() : 0;
}
