#!/usr/bin/env python3
"""Help, version, the man page, and options that do not exist."""
import re
from lib import *

check("usage: anneal COMMAND" in run("--help")[0], "--help")
check(run("--version")[0].startswith("anneal "), "--version")
for command in ("index", "align", "info", "export-faiss", "train", "devices"):
    check(run(command, "--help")[0].startswith(f"usage: anneal {command}"), f"{command} --help")
    refused(command, "--no-such-option", says="no-such-option" if command not in ("info", "export-faiss", "devices") else command)
check("ANNEAL_KERNELS" in run("index", "-o", path("x.anl"), GENOME, status=1, env={"ANNEAL_KERNELS": "mmx"})[1], "an unknown kernel level")
said = run("devices", env={"ANNEAL_KERNELS": LEVELS[0]})[0]
check(said.startswith("cpu\t") and "uses scalar\ncuda" in said, f"devices: {said}")

# Every option of every command is in the man page, under its command.
man = open(os.path.join(SOURCE, "docs", "anneal.1")).read()
for command in ("index", "align", "train", "recall"):
    section = man.split(f".SH OPTIONS OF {command.upper()}\n")[1].split(".SH ")[0].replace("\\", "")
    for option in set(re.findall(r"(?<![\w-])--?[A-Za-z][A-Za-z-]*", "\n".join(re.findall(r"^  +-.*?(?=   |$)|  -[A-Z] N", run(command, "--help")[0], re.M)))):
        check(re.search(rf"(?<![\w-]){option}(?![\w-])", section), f"{command} {option} is not in the man page")
if shutil.which("groff"):
    p = subprocess.run(["groff", "-man", "-Tutf8", "-ww", os.path.join(SOURCE, "docs", "anneal.1")], capture_output=True, text=True)
    check(p.returncode == 0 and not p.stderr, f"man page: {p.stderr}")
