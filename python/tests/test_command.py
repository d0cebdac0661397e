"""The command that the package brings is the program of its own: the same words, exit codes and ends."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys


import pytest

ROOT = pathlib.Path(__file__).parents[2]
SPEC = "column sex: {f, m}\npredict s: real in [0, 1]\nconstraint c: |E[s | sex == f] - E[s | sex == m]| <= 0.1\n"
PACKAGED = [sys.executable, "-m", "fairc"]
# Where the package lies: the environment of the tests has it by a path.
PATH = {**os.environ, "PYTHONPATH": str(ROOT / "python")}


def both(binary: str, arguments: list[str], **options) -> tuple[subprocess.CompletedProcess, subprocess.CompletedProcess]:
    run = [
        subprocess.run([*program, *arguments], capture_output=True, env=PATH, timeout=60, check=False, **options)
        for program in (PACKAGED, [binary])
    ]
    return run[0], run[1]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--version"], 0),
        (["--help"], 0),
        (["audit", "--help"], 0),
        (["man"], 0),
        (["completions", "bash"], 0),
        (["check", "spec.fair"], 0),
        (["check", "bad.fair"], 1),
        (["check", "bad.fair", "--format", "json"], 1),
        (["audit", "spec.fair", "--data", "people.csv", "--pred", "s"], 1),
        (["project", "spec.fair", "--data", "people.csv", "--pred", "s", "-o", "-"], 0),
        (["check", "no such file \udcff.fair"], 2),
        (["chekc"], 2),
        ([], 2),
    ],
)
def test_the_same_words_and_exit_codes(binary, tmp_path, arguments, code):
    (tmp_path / "spec.fair").write_text(SPEC)
    (tmp_path / "bad.fair").write_text(SPEC.replace("sex == f", "sx == f"))
    (tmp_path / "people.csv").write_text("sex,s\nf,0.1\nf,0.2\nm,0.8\nm,0.9\n")
    ours, theirs = both(binary, arguments, cwd=tmp_path)
    assert ours.returncode == theirs.returncode == code, ours.stderr
    assert ours.stdout == theirs.stdout
    assert ours.stderr == theirs.stderr


def test_standard_input_is_read(binary):
    ours, theirs = both(binary, ["fmt", "-"], input=SPEC.replace("<= 0.1", "<=  0.1").encode())
    assert (ours.returncode, ours.stdout) == (theirs.returncode, theirs.stdout)
    assert ours.stdout.decode().endswith("<= 0.1\n")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_closed_pipe_ends_it_as_it_ends_other_programs(tmp_path):
    (tmp_path / "spec.fair").write_text(SPEC)
    rows = "f,0.1\nm,0.9\n" * 50_000
    (tmp_path / "people.csv").write_text(f"sex,s\n{rows}")
    arguments = ["project", "spec.fair", "--data", "people.csv", "--pred", "s", "-o", "-", "--quiet"]
    running = subprocess.Popen(
        [*PACKAGED, *arguments], cwd=tmp_path, env=PATH, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    running.stdout.close()
    assert running.wait(timeout=60) == -signal.SIGPIPE
    assert running.stderr.read() == b""
    running.stderr.close()


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it(number):
    running = subprocess.Popen(
        [*PACKAGED, "solve", "-"], env=PATH, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    # The answer of the first problem says that the command is at work.
    running.stdin.write(b'{"z": [1.5], "A": {"indptr": [0], "indices": [], "values": []}, "l": [], "u": []}\n')
    running.stdin.flush()
    assert running.stdout.readline()
    running.send_signal(number)
    assert running.wait(timeout=60) == -number
    assert running.stderr.read() == b""
    for stream in (running.stdin, running.stdout, running.stderr):
        stream.close()


def test_the_package_names_the_command():
    manifest = (ROOT / "python/pyproject.toml").read_text(encoding="utf-8")
    assert '[project.scripts]\nfairc = "fairc.__main__:main"\n' in manifest


def test_the_installed_command_says_its_version(binary):
    script = pathlib.Path(sys.executable).with_name("fairc")
    if not script.is_file():
        pytest.skip(f"not installed: {script}")
    said = [subprocess.check_output([program, "--version"]) for program in (str(script), binary)]
    assert said[0] == said[1]
    assert shutil.which("fairc", path=str(script.parent)) == str(script)
