"""Makes the virtual environment and installs seatbook into it: the first step of `make run` and `make test`.

Runs on the machine's own Python before anything is installed, which may be an
old one. So it imports only the standard library, and its syntax is that of
Python 3.6, in order that an old Python can still say that it is too old.
"""

import importlib.util
import os
import subprocess
import sys

OLDEST_PYTHON = (3, 11)
PROJECT_DIR = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def main(venv_dir, extras):
    """Install `.[extras]` into `venv_dir`, made when missing. Returns the exit code, 1 after a sentence."""
    fault = unusable_python(sys.version_info, importlib.util.find_spec)
    if fault:
        sys.stderr.write(fault + "\n")
        return 1
    venv_python = os.path.join(venv_dir, "bin", "python")
    try:
        if not os.path.exists(venv_python):
            say("Making a virtual environment in %s" % venv_dir)
            subprocess.check_call([sys.executable, "-m", "venv", venv_dir])
        say("Installing seatbook[%s]: about half a minute the first time" % extras)
        pip_install = [venv_python, "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.check_call([*pip_install, "--editable", "%s[%s]" % (PROJECT_DIR, extras)])
    except subprocess.CalledProcessError:
        sys.stderr.write(
            "The Python packages could not be installed; pip says why above.\n"
            "Check the network, then run the same command again. "
            "If it fails in the same way, remove %s first.\n" % venv_dir
        )
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def unusable_python(version, find_module):
    """The sentence to show when this Python can't run seatbook, else None."""
    wanted = "%d.%d" % OLDEST_PYTHON
    if tuple(version[:2]) < OLDEST_PYTHON:
        return (
            "seatbook needs Python %s or newer, and this is %d.%d. Install a newer one, "
            "then name it: make run PYTHON=python%s" % (wanted, version[0], version[1], wanted)
        )
    if not (find_module("venv") and find_module("ensurepip")):
        return (
            "This Python has no venv module, which Debian and Ubuntu ship as a package of its own. "
            "Install it (sudo apt-get install python3-venv), then run the same command again."
        )
    return None


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(venv_dir=sys.argv[1], extras=sys.argv[2]))
