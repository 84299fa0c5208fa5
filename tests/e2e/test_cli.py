#!/usr/bin/env python3
"""Help, version, and options that do not exist."""
from lib import *

check("usage: anneal COMMAND" in run("--help")[0], "--help")
check(run(status=2) == ("", run("--help")[0]) and "\nfirst: anneal index" in run("--help")[0], "no arguments, and what to type first")
check(run("help", "align")[0] == run("align", "--help")[0] and run("help")[0] == run("--help")[0], "help of a command")
check(run("--version")[0].startswith("anneal "), "--version")
for command in ("index", "align", "info", "check", "export-faiss", "train", "devices"):
    check(run(command, "--help")[0].startswith(f"usage: anneal {command}"), f"{command} --help")
    refused(command, "--no-such-option", says=f"there is no option '--no-such-option'; anneal {command} --help lists them")
check("ANNEAL_KERNELS" in run("index", "-o", path("x.anl"), GENOME, status=1, env={"ANNEAL_KERNELS": "mmx"})[1], "an unknown kernel level")
said = run("devices", env={"ANNEAL_KERNELS": LEVELS[0]})[0]
check(said.startswith("cpu\t") and "uses scalar\ncuda" in said, f"devices: {said}")
