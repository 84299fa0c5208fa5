#include "cli.h"
#include "index.h"
#include "output.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} commands[] = {
    {"index", cmd_index, "build the index of a reference genome"},
    {"align", cmd_align, "align reads to an index"},
    {"info", cmd_info, "print what an index holds"},
    {"export-faiss", cmd_export_faiss, "write an index's vectors as a FAISS index file"},
    {"train", cmd_train, "train an encoder"},
    {"recall", cmd_recall, "measure how often the encoder and the index find a read's place"},
    {"devices", cmd_devices, "print what this machine offers"},
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

static void usage(FILE *to)
{
    fputs("anneal " ANNEAL_VERSION ": aligns sequencing reads by Embed, Search, Align\n\n"
          "usage: anneal COMMAND [OPTIONS] ...       (anneal COMMAND --help tells more)\n\n",
          to);
    for (int i = 0; i < N_COMMANDS; ++i) fprintf(to, "  %-14s%s\n", commands[i].name, commands[i].what);
}

/* The commands have closed what they opened. Exit handlers are passed over: OpenBLAS's waits for ever for threads that could not be made
 * when memory was short. A sanitizer's has to run. */
static int leave(int status)
{
    if ((fflush(stdout) || ferror(stdout)) && !status) {
        anl_fail(ANL_EIO, "standard output: cannot write");
        status = cli_fail();
    }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    _exit(status);
#endif
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
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    _exit(1);
#endif
}

static void catch_signals(void)
{
    static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXCPU, SIGABRT, SIGBUS, SIGSEGV};
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_NODEFER | SA_SIGINFO}, old;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; ++i) /* a sanitizer has handlers of its own; one for SIGBUS, which is seldom a bug here */
        if (!sigaction(ends[i], NULL, &old) && (old.sa_handler == SIG_DFL || ends[i] == SIGBUS)) sigaction(ends[i], &action, NULL);
    signal(SIGXFSZ, SIG_IGN); /* writing beyond the limit of a file's size is then an error like a full disk */
    atexit(on_exit_by_library);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return 2;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        usage(stdout);
        return leave(0);
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "version")) {
        puts("anneal " ANNEAL_VERSION);
        return leave(0);
    }
    catch_signals();
    for (int i = 0; i < N_COMMANDS; ++i)
        if (!strcmp(argv[1], commands[i].name)) return leave(commands[i].run(argc - 1, argv + 1));
    return leave(cli_usage("there is no command '%s'; anneal --help lists them", argv[1]));
}
