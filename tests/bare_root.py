"""A root folder with nothing but the C and C++ runtime and Python, and a way to run commands in it."""

import os
import re
import shutil
import subprocess
from pathlib import Path

HOLDS = ("bash", "coreutils", "libstdc++6", "python3-venv")  # and what they depend on
LEFT_OUT = ("/usr/share/doc/", "/usr/share/man/", "/usr/share/locale/")
NAMESPACE = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]


def packages():
    """The packages of HOLDS and all that they depend on, out of what is installed here."""
    form = "${Package}\t${db:Status-Status}\t${Pre-Depends}, ${Depends}\t${Provides}\n"
    lines = subprocess.run(["dpkg-query", "-W", "-f", form], capture_output=True, text=True, check=True).stdout
    depends, provided = {}, {}
    for line in lines.splitlines():
        name, status, wanted, provides = re.sub(r" *\([^)]*\)", "", line).split("\t")
        if status == "installed":
            depends[name] = [[one.split(":")[0].strip() for one in group.split("|")] for group in wanted.split(",")]
            provided |= {other.strip(): name for other in provides.split(",")}
    found, left = set(), list(HOLDS)
    while left:
        name = left.pop()
        name = name if name in depends else provided[name]
        if name not in found:
            found.add(name)
            alternatives = ([one for one in group if one in depends or one in provided] for group in depends[name])
            left += [group[0] for group in alternatives if group]
    return sorted(found)


def copy(path, root):
    """A file or link under the same name below `root`; /lib and the like are links into /usr, as on the system."""
    place = root / os.path.realpath(Path(path).parent).lstrip("/") / Path(path).name
    if os.path.islink(path):
        place.parent.mkdir(parents=True, exist_ok=True)
        if not os.path.lexists(place):
            place.symlink_to(os.readlink(path))
    elif os.path.isfile(path):
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)


class BareRoot:
    """Made in `folder`. What its commands mount is gone when they end."""

    def __init__(self, folder):
        self.path = Path(folder)
        for name in ("bin", "sbin", "lib", "lib64"):
            if os.path.islink(f"/{name}"):
                (self.path / "usr" / name).mkdir(parents=True, exist_ok=True)
                (self.path / name).symlink_to(f"usr/{name}")
        names = subprocess.run(["dpkg-query", "-L", *packages()], capture_output=True, text=True, check=True).stdout
        for name in sorted(set(names.splitlines())):
            if name.startswith("/") and not name.startswith(LEFT_OUT):
                copy(name, self.path)
        for name in ("dev", "proc", "sys", "tmp", "etc"):
            (self.path / name).mkdir(exist_ok=True)
        (self.path / "etc" / "hosts").write_text("127.0.0.1 localhost\n")

    def run(self, *command, code=0, **environment):
        """Runs a command, with these variables and no others."""
        # A root folder that is no mount of its own (a chroot) cannot have mounts apart; there they are taken back.
        apart = subprocess.run([*NAMESPACE, "true"], capture_output=True).returncode == 0
        mounts = 'for f in dev proc sys; do mount --rbind /$f "$1/$f"; mount --make-rslave "$1/$f"; done; '
        enter = 'root=$1; shift; chroot "$root" "$@"'
        leave = "trap 'for f in dev proc sys; do umount -R \"$root/$f\"; done' EXIT; "
        script = ["sh", "-ec", mounts + ("" if apart else "root=$1; " + leave) + enter, "sh"]
        inside = ["/usr/bin/env", "-i", "PATH=/usr/bin:/bin", "HOME=/tmp", "LANG=C.UTF-8"]
        variables = [f"{key}={value}" for key, value in environment.items()]
        done = subprocess.run(
            [*(NAMESPACE if apart else []), *script, self.path, *inside, *variables, *map(str, command)],
            capture_output=True,
            text=True,
        )
        assert done.returncode == code, f"{command}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout + done.stderr
