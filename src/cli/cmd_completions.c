#include "cli.h"
#include "command.h"
#include "generate.h"

#include <string.h>

static int run(void *settings, const cli_call *call)
{
    (void)settings;
    const char *what = call->operands[0];
    if (call->n == 2)
        return strcmp(what, "man") ? cli_usage("completions: only man takes a TEMPLATE") : cli_generate_man(call->operands[1]);
    if (!strcmp(what, "bash")) return cli_generate_bash();
    if (!strcmp(what, "zsh")) return cli_generate_zsh();
    if (!strcmp(what, "table")) return cli_generate_table();
    if (!strcmp(what, "man")) return cli_usage("completions man: needs a TEMPLATE, as docs/anneal.1.in");
    return cli_usage("completions: there are none for '%s', but for bash and zsh", what);
}

const cli_command cmd_completions = {
    .name = "completions",
    .what = "print completions for bash or zsh",
    .usage = "bash|zsh\ntable\nman TEMPLATE",
    .about = "Prints what makes a shell complete commands, options and values: source <(anneal completions bash). "
             "An installed anneal comes with it. table: all options, tab-separated; man: the manual page.",
    .needs = "bash, zsh, table or man TEMPLATE",
    .least = 1,
    .most = 2,
    .run = run,
};
