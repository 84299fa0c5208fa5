#include "cli.h"
#include "command.h"
#include "help.h"
#include "hints.h"
#include "index.h"
#include "output.h"
#include "parse.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef ANNEAL_COVERAGE
#include <gcov.h>
#endif

extern const cli_command cmd_index, cmd_align, cmd_info, cmd_check, cmd_export_faiss, cmd_train, cmd_recall, cmd_devices, cmd_completions;

const cli_command *const cli_commands[] = {&cmd_index, &cmd_align,  &cmd_info,    &cmd_check,       &cmd_export_faiss,
                                           &cmd_train, &cmd_recall, &cmd_devices, &cmd_completions, NULL};

static void usage(FILE *to)
{
    fputs("anneal " ANNEAL_VERSION ": aligns sequencing reads to a reference genome\n\n"
          "usage: anneal COMMAND [OPTIONS] ...       (anneal COMMAND --help tells more)\n\n",
          to);
    for (const cli_command *const *c = cli_commands; *c; ++c) fprintf(to, "  %-14s%s\n", (*c)->name, (*c)->what);
    fputs("\nfirst: anneal index -o ref.anl ref.fa.gz\n"
          "then:  anneal align --sort -o sample.bam ref.anl reads_1.fq.gz reads_2.fq.gz\n",
          to);
}

/* The commands have closed what they opened. Exit handlers are passed over: OpenBLAS's waits for ever for threads that could not be made
 * when memory was short. A sanitizer's has to run: then this returns. */
static void end_now(int status)
{
#ifdef ANNEAL_COVERAGE
    __gcov_dump();
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    _exit(status);
#endif
    (void)status;
}

static int leave(int status)
{
    errno = 0;
    if ((fflush(stdout) || ferror(stdout)) && !status) {
        anl_write_fail("standard output");
        status = cli_fail();
    }
    end_now(status);
    return status;
}

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) return; /* nobody listens */
}

/* Other threads may be here for the same reason: the first one speaks for all. */
static void end_for_index(const char *name)
{
    static atomic_flag ending = ATOMIC_FLAG_INIT;
    while (atomic_flag_test_and_set(&ending)) pause();
    anl_outputs_remove();
    say("anneal: ");
    say(name);
    say(": the index was changed while it was in use, or its disk failed\n");
    _exit(1);
}

/* A signal ends the program as it always does, but no half-written file stays behind. Where an index is mapped that was cut short, SIGBUS is an
 * error like others. */
static void on_signal(int number, siginfo_t *info, void *unused)
{
    (void)unused;
    const char *index = number == SIGBUS ? anl_index_mapped_at(info->si_addr) : NULL;
    if (index) end_for_index(index);
    anl_outputs_remove();
    signal(number, SIG_DFL);
    raise(number);
}

/* OpenMP calls exit() when it cannot start a thread. */
static void on_exit_by_library(void)
{
    anl_outputs_remove();
    end_now(1);
}

static void catch_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU, SIGABRT, SIGBUS, SIGSEGV};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_NODEFER | SA_SIGINFO}, old;
    for (size_t i = 0; i < sizeof ends / sizeof *ends;
         ++i) /* a sanitizer has handlers of its own; one for SIGBUS, which is seldom a bug here */
        if (!sigaction(ends[i], NULL, &old) && (old.sa_handler == SIG_DFL || ends[i] == SIGBUS)) sigaction(ends[i], &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* writing beyond the limit of a file's size is then an error like a full disk */
    atexit(on_exit_by_library);
}

static int run(const cli_command *c, int argc, char **argv)
{
    cli_call call = {.argc = argc, .argv = argv, .operands = anl_alloc((size_t)argc, sizeof *call.operands)};
    void *settings = call.operands ? cli_settings_new(c) : NULL;
    int status = settings ? cli_parse(c, &call, settings) : cli_fail();
    if (status < 0) status = c->run(settings, &call);
    free(settings);
    free(call.operands);
    return status;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        for (const cli_command *const *c = cli_commands; *c && argc > 2; ++c)
            if (!strcmp(argv[2], (*c)->name)) return leave(cli_help(*c, stdout));
        usage(stdout);
        return leave(0);
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version")) {
        puts("anneal " ANNEAL_VERSION);
        return leave(0);
    }
    catch_signals();
    for (const cli_command *const *c = cli_commands; *c; ++c)
        if (!strcmp(argv[1], (*c)->name)) return leave(run(*c, argc - 1, argv + 1));
    return leave(cli_no_command(argv[1]));
}
