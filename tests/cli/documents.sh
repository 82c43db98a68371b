#!/bin/sh
# What the documents show can be used: settings are read by check, and what stands behind a command is there.
# needs: python3
# plain: it reads documents; settings.sh asks check under sanitizers
. "$TOP/tests/shell.sh"

python3 - << 'PY' || die "that is in the documents, and not in the program"
import glob, os, re, subprocess, sys
top, program = os.environ["TOP"], os.environ["SENDWATCH"]


def ask(*words):
    found = subprocess.run([program, *words], capture_output=True, text=True)
    return found.returncode, found.stdout + found.stderr


def settings_of(text):
    """Blocks of indented lines that begin with a section of detect.conf."""
    block = []
    for line in text.split("\n") + [""]:
        words = line.strip()
        if re.fullmatch(r"\[(%s)( [\w.]+)?\]" % "|".join(sections), words):
            block.append(words)
        elif block and line.startswith(" ") and re.match(r"[a-z_0-9]+ =( |$)", words):
            block.append(words)
        elif block:
            yield block
            block = []


sections = set(re.findall(r"^;?\[([a-z]+)", ask("check", "--defaults")[1], re.M))
commands = re.findall(r"^  ([a-z]+) ", ask("--help")[1], re.M)
options = {command: set(re.findall(r"--[a-z-]+", ask(command, "--help")[1])) for command in commands}
bad = blocks = examples = 0
for name in [top + "/README.md"] + glob.glob(top + "/contrib/docs/*.md") + glob.glob(top + "/contrib/addresses/*.md"):
    text = open(name).read()
    for block in settings_of(text):
        # What stands in two places of one example is two files.
        with open("shown.conf", "w") as out:
            out.write("\n".join(block) + "\n")
        status, said = ask("check", "-c", "shown.conf")
        blocks += 1
        if status == 2:
            print(name, block, said)
            bad += 1
    for command, rest in re.findall(r"sendwatch ([a-z]+)([^`#\n]*)", text):
        if command not in options:
            continue
        examples += 1
        for option in re.findall(r"(?<!\S)--[a-z-]+", rest):
            if option not in options[command]:
                print(name, "sendwatch", command, option)
                bad += 1
        if re.search(r"--suggest(?! \d)", rest):
            print(name, "--suggest takes a number")
            bad += 1
print(blocks, "settings,", examples, "commands")
sys.exit(bad > 0 or blocks < 20 or examples < 30)
PY
