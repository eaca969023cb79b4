"""Start the project's programs and DVC as forks of a process that has imported their libraries, which takes seconds.

`start` puts three programs, `python`, `dvc` and `torchrun`, into a folder for PATH. They hand their command line,
environment, files, cores and largest size of files over to that process and wait. Only third-party modules are imported
before; the project's own code is imported from the folder that the command runs in, as always.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import marshal
import os
import resource
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
import weakref
from collections.abc import Iterator
from pathlib import Path

MODULES = """
av yaml pydantic ffmpeg pysubs2 opentimelineio PIL.ImageDraw matplotlib.figure ai_edge_litert.interpreter torch
safetensors.numpy safetensors.torch sklearn.linear_model sklearn.metrics sklearn.preprocessing sklearn.impute
sklearn.kernel_approximation sklearn.pipeline sklearn.isotonic sklearn.frozen sklearn.calibration PIL.WebPImagePlugin
PIL.BmpImagePlugin PIL.GifImagePlugin PIL.PpmImagePlugin PIL.JpegImagePlugin fontTools.ttLib fontTools.merge
progress.bar multiprocessing.pool matplotlib.backends.backend_agg torch.distributed.run torch.optim.lr_scheduler
torchvision.models scipy.stats imageio_ffmpeg pydantic.main dvclive dvc.cli dvc.cli.parser dvc.repo dvc.repo.reproduce
dvc.stage.run dvc.output dvc.render dvc_data.index dvc.scm dvc.repo.datasets networkx dvc.repo.index dvc.repo.graph
dvc.repo.open_repo dvc.repo.experiments dvc.data_cloud dvc.repo.artifacts dvc.repo.metrics.show dvc.repo.params.show
dvc.repo.plots dvc.repo.stage dvc.lock dvc.rwlock dvc.cachemgr dulwich.porcelain uvicorn starlette.applications
starlette.middleware starlette.responses starlette.routing starlette.staticfiles pydantic.dataclasses pydantic.fields
yt_dlp
"""
# The modules whose function `main` is the program of this name.
MAIN = {"dvc": "dvc.cli", "torchrun": "torch.distributed.run"}
# What the programs are: they hand over the command, and everything else is left to the real program. Of what is written
# in Python, they import `os` alone, because importing takes most of their time.
PROGRAM = """#!{executable} -IS
import _socket, array, marshal, os, resource, sys
words = [os.path.basename(sys.argv[0]), *sys.argv[1:]]
if words[1:2] == ["-u"]:
    # torchrun starts its processes with this option.
    del words[1]
if words[0] == "python" and not (words[1:2] == ["-m"] and words[2].startswith(("stages.", "autotosis."))):
    os.execv({executable!r}, [{executable!r}, *words[1:]])
server = _socket.socket(_socket.AF_UNIX)
server.connect({address!r})
files = array.array("i", [0, 1, 2])
server.sendmsg([b"f"], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, files)])
cores, limit = os.sched_getaffinity(0), resource.getrlimit(resource.RLIMIT_FSIZE)
server.sendall(marshal.dumps([words, os.getcwd(), dict(os.environ), cores, limit]))
status = server.recv(1)
os._exit(status[0] if status else 70)
"""


@contextlib.contextmanager
def start(folder: Path) -> Iterator[None]:
    """Write the programs into `folder`, and serve them until the block ends."""
    address = str(folder / "socket")
    for name in ("python", *MAIN):
        program = folder / name
        program.write_text(PROGRAM.format(executable=sys.executable, address=address))
        program.chmod(0o755)
    with subprocess.Popen([sys.executable, __file__, address]) as server:
        try:
            while not Path(address).exists():
                assert server.poll() is None
                time.sleep(0.05)
            yield
        finally:
            server.kill()


def serve(address: str) -> None:
    """Import everything, and fork for every command, forever."""
    sys.path.remove(str(Path(__file__).parent))
    # End with pytest, even if that is killed.
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    # Libraries start as many threads as there are cores when they are imported. Each command has its own cores. On the
    # first one, the sample is drawn meanwhile; see `conftest.pytest_collection_modifyitems`.
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with socket.socket(socket.AF_UNIX) as server, selectors.DefaultSelector() as ready:
        server.bind(address + ".new")
        server.listen()
        os.rename(address + ".new", address)
        ready.register(server, selectors.EVENT_READ)
        # The first commands wait meanwhile; tests that need none do not.
        for module in MODULES.split():
            importlib.import_module(module)
        # The first model looks for plugins in all packages that are installed.
        importlib.import_module("pydantic").create_model("First")
        # The first link is compared with the patterns of all sites.
        for extractor in importlib.import_module("yt_dlp.extractor").gen_extractor_classes():
            extractor.suitable("")
        skip_exits()
        gc.freeze()
        use_huge_pages()
        while True:
            for key, _ in ready.select():
                if key.fileobj is server:
                    connection, _ = server.accept()
                    child = fork(connection, server)
                    if child is None:
                        continue
                    process = os.pidfd_open(child)
                    ready.register(connection, selectors.EVENT_READ, process)
                    ready.register(process, selectors.EVENT_READ, connection)
                elif isinstance(key.fileobj, socket.socket):
                    # The program that stands for this process has been killed. The process may have ended, too.
                    with contextlib.suppress(KeyError, OSError, ValueError):
                        ready.unregister(key.fileobj)
                        signal.pidfd_send_signal(key.data, signal.SIGKILL)
                else:
                    end = os.waitid(os.P_PIDFD, key.fd, os.WEXITED)
                    ready.unregister(key.fd)
                    os.close(key.fd)
                    with contextlib.suppress(KeyError):
                        ready.unregister(key.data)
                    with key.data as connection, contextlib.suppress(OSError):
                        connection.sendall(bytes([end.si_status + (0 if end.si_code == os.CLD_EXITED else 128)]))


def skip_exits() -> None:
    """Leave out what torch does when a process ends, which takes longer than some stages, and only frees memory."""
    for finalizer in weakref.finalize._registry:
        finalizer.atexit = False
    atexit.unregister(importlib.import_module("torch._dynamo.utils").dump_compile_times)


def use_huge_pages() -> None:
    """Let the kernel keep the memory of this process in pages of 2 MiB, of which a fork has less to copy and to free.

    Older kernels than Linux 6.1 refuse it, and nothing is lost.
    """
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    for line in Path("/proc/self/maps").read_text().splitlines():
        addresses, permissions, _, _, inode, *_ = line.split()
        if permissions == "rw-p" and inode == "0":
            start, end = (int(address, 16) for address in addresses.split("-"))
            madvise(start, end - start, 25)  # MADV_COLLAPSE


def fork(connection: socket.socket, server: socket.socket) -> int | None:
    """Run the command that arrives in a process of its own; return its number, or None if whoever asks was killed."""
    _, files, _, _ = socket.recv_fds(connection, 1, 3)
    try:
        with connection.makefile("rb") as stream:
            words, folder, environment, cores, limit = marshal.load(stream)
    except EOFError:
        for file in files:
            os.close(file)
        connection.close()
        return None
    child = os.fork()
    if child:
        for file in files:
            os.close(file)
        return child
    server.close()
    connection.close()
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.sched_setaffinity(0, cores)
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    os._exit(exit_code(words))


def exit_code(words: list[str]) -> int:
    """Run a command, and what Python does at its end, except for clearing its memory, which takes long."""
    try:
        if words[0] in MAIN:
            sys.argv = words
            sys.exit(importlib.import_module(MAIN[words[0]]).main())
        sys.argv = words[1:2] + words[3:]
        sys.path.insert(0, os.getcwd())
        runpy.run_module(words[2], run_name="__main__", alter_sys=True)
        code: object = 0
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code & 255


if __name__ == "__main__":
    serve(sys.argv[1])
