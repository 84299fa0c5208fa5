/** What is made from the tables of options for other programs to read. Everything goes to standard output; 0 or an exit status. */
#ifndef ANL_GENERATE_H
#define ANL_GENERATE_H

/** The man page: `template` with its lines ".\" TITLE", ".\" SYNOPSIS" and ".\" OPTIONS" filled in. */
int cli_generate_man(const char *template_path);

/** Completions. */
int cli_generate_bash(void);
int cli_generate_zsh(void);

/** A line an option: command, letters, long name, argument, kind, least, most, words, default, help; tab-separated. */
int cli_generate_table(void);

#endif
